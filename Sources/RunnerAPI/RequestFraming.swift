// What a request's header fields say about its body and its connection. NIO's decoder has already refused
// what does not parse and what could be read in two ways (two lengths, a length beside chunks).

import NIOHTTP1

/// The header fields that matter here, read in one pass.
struct RequestFraming {
    /// `Content-Length`, 0 when absent.
    private(set) var length = 0
    private(set) var isChunked = false
    /// The body, if there is one, is `application/json` in no coding.
    private(set) var isJSON = false
    /// The client waits for `100 Continue` before it sends the body.
    private(set) var expectsContinue = false
    /// The client speaks HTTP/1.0 and wants to keep the connection.
    private(set) var keepsOldConnection = false
    /// The value of `Authorization`.
    private(set) var authorization: String?
    /// No further request comes on this connection.
    private(set) var closes: Bool

    /// - Throws: ``Rejection``, after which the connection is of no use: where the body ends is not known.
    init(_ head: HTTPRequestHead) throws(Rejection) {
        let isOld = head.version == .http1_0
        closes = !head.isKeepAlive || head.method == .CONNECT
        keepsOldConnection = isOld && !closes
        var hosts = 0
        var isCoded = false
        for (name, value) in head.headers {
            switch name.utf8.count {
            case 4 where name.isSame(as: "host"): hosts += 1
            case 6 where name.isSame(as: "expect"): try expect(value, isOld: isOld)
            // Whatever comes after such a request, the decoder does not read it as HTTP.
            case 7 where name.isSame(as: "upgrade"): closes = true
            case 12 where name.isSame(as: "content-type"): isJSON = value.isJSON
            case 13 where name.isSame(as: "authorization"):
                guard authorization == nil else { throw .malformed("there must be one Authorization field") }
                authorization = value
            case 14 where name.isSame(as: "content-length"):
                guard let bytes = Int(value.trimmed) else {
                    throw .malformed("Content-Length must be a number")
                }
                length = bytes
            case 16 where name.isSame(as: "content-encoding"): isCoded = !value.isSame(as: "identity")
            case 17 where name.isSame(as: "transfer-encoding"):
                guard !isOld, !isChunked, value.trimmed.isSame(as: "chunked") else {
                    throw .malformed("Transfer-Encoding must be chunked, and HTTP/1.1")
                }
                isChunked = true
            default: break
            }
        }
        if isCoded { isJSON = false }
        guard hosts == 1 || (isOld && hosts == 0) else { throw .malformed("there must be one Host field") }
    }

    private mutating func expect(_ value: String, isOld: Bool) throws(Rejection) {
        guard !isOld else { return }
        guard value.trimmed.isSame(as: "100-continue") else { throw .expectationFailed }
        expectsContinue = true
    }
}

extension StringProtocol {
    /// Equal but for the case of ASCII letters.
    fileprivate func isSame(as lowercase: StaticString) -> Bool {
        lowercase.withUTF8Buffer { expected in
            guard expected.count == utf8.count else { return false }
            var place = 0
            for byte in utf8 {
                guard byte.lowercase == expected[place] else { return false }
                place += 1
            }
            return true
        }
    }
}

extension String {
    /// A media type that is `application/json`, with any parameters.
    fileprivate var isJSON: Bool {
        guard utf8.count != 16 else { return isSame(as: "application/json") }
        return Substring(utf8.prefix { $0 != UInt8(ascii: ";") }).trimmed.isSame(as: "application/json")
    }

    fileprivate var trimmed: Substring { self[...].trimmed }
}

extension Substring {
    /// Without blanks around it.
    fileprivate var trimmed: Substring {
        let head = utf8.drop { $0.isBlank }
        guard let last = head.lastIndex(where: { !$0.isBlank }) else { return "" }
        return Substring(head[...last])
    }
}

extension UInt8 {
    fileprivate var isBlank: Bool { self == UInt8(ascii: " ") || self == UInt8(ascii: "\t") }

    fileprivate var lowercase: UInt8 { (0x41...0x5A).contains(self) ? self | 0x20 : self }
}
