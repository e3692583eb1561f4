// The header fields about a request's body, its connection and its sender. NIO's decoder has
// already rejected invalid and ambiguous fields (two lengths, a length and chunks).

public import Access
public import NIOHTTP1
public import WireFormat

/// The header fields that matter here, parsed in one pass.
public struct RequestFraming {
    /// `Content-Length`, 0 if absent.
    public private(set) var length = 0
    public private(set) var isChunked = false
    /// Whether the body, if there is one, is `application/json` without a coding.
    public private(set) var isJSON = false
    /// Whether the client waits for `100 Continue` before it sends the body.
    public private(set) var expectsContinue = false
    /// Whether the client uses HTTP/1.0 and wants to keep the connection.
    public private(set) var keepsOldConnection = false
    /// The value of `Host`.
    public private(set) var host: String?
    public private(set) var page = SendingPage()
    /// The value of `Authorization`.
    public private(set) var authorization: String?
    /// Whether it offers another protocol, which matters only because it stops NIO's decoder: see
    /// ``RenewedDecoder``.
    public private(set) var offersUpgrade = false
    /// Whether this is the last request on the connection.
    public private(set) var closes: Bool

    /// Whether a body follows.
    public var hasBody: Bool { isChunked || length > 0 }

    /// - Throws: 400 or 417. The connection is unusable afterwards, because the end of the body is
    ///   unknown.
    public init(_ head: HTTPRequestHead) throws(Problem) {
        let isOld = head.version == .http1_0
        closes = !head.isKeepAlive || head.method == .CONNECT
        keepsOldConnection = isOld && !closes
        var (isCoded, hasUpgrade) = (false, false)
        for (name, value) in head.headers {
            switch name.utf8.count {
            case 4 where name.isSame(as: "host"):
                guard host == nil else { throw .oneHostNeeded }
                host = value
            case 6 where name.isSame(as: "origin"): page.origin = value
            case 6 where name.isSame(as: "expect"): try expect(value, isOld: isOld)
            case 7 where name.isSame(as: "upgrade"): hasUpgrade = true
            case 12 where name.isSame(as: "content-type"): isJSON = value.isJSON
            case 13 where name.isSame(as: "authorization"):
                guard authorization == nil else {
                    throw .malformedRequest("there must be one Authorization field")
                }
                authorization = value
            case 14 where name.isSame(as: "content-length"):
                guard let bytes = Int(value.trimmed) else {
                    throw .malformedRequest("Content-Length must be a number")
                }
                length = bytes
            case 14 where name.isSame(as: "sec-fetch-site"): page.site = value
            case 14 where name.isSame(as: "sec-fetch-mode"): page.mode = value
            case 14 where name.isSame(as: "sec-fetch-dest"): page.destination = value
            case 16 where name.isSame(as: "content-encoding"): isCoded = !value.isSame(as: "identity")
            case 17 where name.isSame(as: "transfer-encoding"):
                guard !isOld, !isChunked, value.trimmed.isSame(as: "chunked") else {
                    throw .malformedRequest("Transfer-Encoding must be chunked, and HTTP/1.1")
                }
                isChunked = true
            default: break
            }
        }
        if isCoded { isJSON = false }
        if hasUpgrade { readOffer(in: head.headers) }
        guard host != nil || isOld else { throw .oneHostNeeded }
    }

    /// Rejects a request that a page made a browser send, unless it is a page of this service.
    /// - Parameters:
    ///   - method: the request's method.
    ///   - target: its target.
    ///   - hosts: the connection's check.
    ///   - isSecure: whether the connection is encrypted.
    /// - Throws: 421 or 403, after which the connection continues; 400 for an invalid host.
    public func checkSender(
        _ method: HTTPMethod, _ target: RequestTarget, hosts: inout HostCheck, isSecure: Bool
    ) throws(Problem) {
        let named = target.authority ?? host?[...]
        if let named, !hosts.accepts(named.utf8.span) {
            throw Authority(named) == nil
                ? .malformedRequest("Host must be HOST or HOST:PORT") : .misdirectedRequest(named)
        }
        guard page.origin != nil || page.site != nil else { return }
        let isSafe = method == .GET || method == .HEAD
        guard !page.isForeign(to: named.flatMap { Authority($0) }, isSecure: isSecure, isSafe: isSafe) else {
            throw .foreignOrigin
        }
    }

    /// NIO's decoder stops exactly if there is an `Upgrade` with a value and the option `upgrade`
    /// in `Connection`. If the fields are so unusual that this parser and NIO's might differ, the
    /// request is the connection's last.
    private mutating func readOffer(in headers: HTTPHeaders) {
        let options = headers["connection"]
        guard options.contains(where: { $0.lowercased().contains("upgrade") }) else { return }
        let tokens = options.flatMap { value in
            value.utf8.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false)
        }.map { token in Substring(token).spacesTrimmed }
        let isClear =
            headers["upgrade"].allSatisfy { !$0.trimmed.isEmpty }
            && tokens.allSatisfy { !$0.isEmpty && $0.utf8.allSatisfy(\.isTokenByte) }
        offersUpgrade = isClear && tokens.contains { $0.isSame(as: "upgrade") }
        if !isClear { closes = true }
    }

    private mutating func expect(_ value: String, isOld: Bool) throws(Problem) {
        guard !isOld else { return }
        guard value.trimmed.isSame(as: "100-continue") else { throw .expectationFailed }
        expectsContinue = true
    }
}

extension StringProtocol {
    /// Whether they are equal, ignoring the case of ASCII letters.
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
    /// Whether it is the media type `application/json`, with any parameters.
    fileprivate var isJSON: Bool {
        guard utf8.count != 16 else { return isSame(as: "application/json") }
        return Substring(utf8.prefix { $0 != UInt8(ascii: ";") }).trimmed.isSame(as: "application/json")
    }

    fileprivate var trimmed: Substring { self[...].trimmed }
}

extension Substring {
    /// The value without surrounding blanks.
    fileprivate var trimmed: Substring {
        let head = utf8.drop { $0.isBlank }
        guard let last = head.lastIndex(where: { !$0.isBlank }) else { return "" }
        return Substring(head[...last])
    }

    fileprivate var spacesTrimmed: Substring {
        let head = drop { $0 == " " }
        guard let last = head.lastIndex(where: { $0 != " " }) else { return "" }
        return head[...last]
    }
}

extension UInt8 {
    /// RFC 9110, section 5.6.2.
    fileprivate var isTokenByte: Bool {
        switch self {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: "!#$%&'*+-.^_`|~".utf8.contains(self)
        }
    }

    fileprivate var isBlank: Bool { self == UInt8(ascii: " ") || self == UInt8(ascii: "\t") }

    fileprivate var lowercase: UInt8 { (0x41...0x5A).contains(self) ? self | 0x20 : self }
}
