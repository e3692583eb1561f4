// Reads plain requests without NIO's decoder: those that are complete in the bytes read and contain
// nothing unusual, which are nearly all. This subset of HTTP is so narrow that the decoder reads
// the same from it. Every other request (malformed, hostile or just rare) goes to the decoder.

import NIOHTTP1
import WireFormat

/// A complete request, as ranges of the bytes that contain it.
///
/// A plain request is `POST` or `GET`, a path without percent-encoding, `HTTP/1.1`, then header
/// fields from a short list: one `Host`, at most one `Content-Type` (JSON) and one
/// `Content-Length`, `Connection: keep-alive`, and some without a meaning here. Values are
/// printable ASCII and not empty, every line ends with CR LF, and the body is complete.
struct PlainRequest {
    /// The bounds of a plain request.
    struct Bounds {
        /// The most bytes of request line and header fields, with their line ends.
        let headBytes: Int
        let fields: Int
        let bodyBytes: Int
    }

    let method: HTTPMethod
    let path: Range<Int>
    /// The value of `Host`.
    let host: Range<Int>
    /// `Content-Type` says that the body is JSON.
    let isJSON: Bool
    let body: Range<Int>

    /// Reads the request that begins at `start`.
    /// - Returns: nil if it is not plain.
    init?(in bytes: Span<UInt8>, from start: Int, within bounds: Bounds) {
        var place = start
        if bytes.skip("POST ", at: &place) {
            method = .POST
        } else if bytes.skip("GET ", at: &place) {
            method = .GET
        } else {
            return nil
        }
        path = bytes.skip(at: &place) { $0.standsForItself }
        guard bytes.begins(RunnerPath.accounts, at: path.lowerBound), bytes.skip(" HTTP/1.1\r\n", at: &place)
        else { return nil }

        var fields = PlainFields()
        while !bytes.skip("\r\n", at: &place) {
            guard fields.count < bounds.fields, fields.read(bytes, at: &place) else { return nil }
        }
        let length = fields.length ?? 0
        guard let host = fields.host, place - start <= bounds.headBytes, length <= bounds.bodyBytes,
            length <= bytes.count - place
        else { return nil }
        self.host = host
        isJSON = fields.isJSON
        body = place..<place + length
    }
}

/// The header fields of a plain request.
private struct PlainFields {
    var count = 0
    var host: Range<Int>?
    var isJSON = false
    /// `Content-Length`
    var length: Int?

    /// Fields without a meaning for this API and for NIO's decoder.
    private static let ignored: [StaticString] = [
        "user-agent", "accept", "accept-encoding", "accept-language", "x-request-id", "traceparent",
        "tracestate",
    ]

    /// - Returns: false if the line at `place` is not a field of a plain request.
    mutating func read(_ bytes: Span<UInt8>, at place: inout Int) -> Bool {
        let name = bytes.skip(at: &place) { $0 != UInt8(ascii: ":") && (0x21...0x7E).contains($0) }
        guard bytes.skip(":", at: &place) else { return false }
        _ = bytes.skip(at: &place) { $0 == UInt8(ascii: " ") }
        let value = bytes.skip(at: &place) { (0x20...0x7E).contains($0) }
        guard !value.isEmpty, bytes.skip("\r\n", at: &place) else { return false }
        count += 1
        return readField(name, value, in: bytes)
    }

    private mutating func readField(_ name: Range<Int>, _ value: Range<Int>, in bytes: Span<UInt8>) -> Bool {
        switch name.count {
        case 4 where bytes.equals("host", at: name):
            guard host == nil else { return false }
            host = value
        case 10 where bytes.equals("connection", at: name): return bytes.equals("keep-alive", at: value)
        case 12 where bytes.equals("content-type", at: name):
            let type = value.prefix(16)
            guard !isJSON, bytes.equals("application/json", at: type.startIndex..<type.endIndex),
                value.count == 16 || bytes[value.lowerBound + 16] == UInt8(ascii: ";")
            else { return false }
            isJSON = true
        case 14 where bytes.equals("content-length", at: name):
            guard length == nil, let number = bytes.number(at: value) else { return false }
            length = number
        default: return Self.ignored.contains { bytes.equals($0, at: name) }
        }
        return true
    }
}

extension Span<UInt8> {
    fileprivate func begins(_ text: StaticString, at place: Int) -> Bool {
        guard text.utf8CodeUnitCount <= count - place else { return false }
        return text.withUTF8Buffer { text in
            text.indices.allSatisfy { self[place + $0] == text[$0] }
        }
    }

    /// Skips `text` if it comes next.
    fileprivate func skip(_ text: StaticString, at place: inout Int) -> Bool {
        guard begins(text, at: place) else { return false }
        place += text.utf8CodeUnitCount
        return true
    }

    /// Skips bytes while `isSuch` is true.
    fileprivate func skip(at place: inout Int, while isSuch: (UInt8) -> Bool) -> Range<Int> {
        let start = place
        while place < count, isSuch(self[place]) { place += 1 }
        return start..<place
    }

    /// Whether the bytes of `range` are `lowercase`, ignoring the case of ASCII letters.
    fileprivate func equals(_ lowercase: StaticString, at range: Range<Int>) -> Bool {
        guard lowercase.utf8CodeUnitCount == range.count else { return false }
        return lowercase.withUTF8Buffer { expected in
            expected.indices.allSatisfy { self[range.lowerBound + $0].lowercase == expected[$0] }
        }
    }

    /// One to eight digits, as a number.
    fileprivate func number(at range: Range<Int>) -> Int? {
        guard (1...8).contains(range.count) else { return nil }
        var number = 0
        for place in range {
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(self[place]) else { return nil }
            number = number * 10 + Int(self[place] - UInt8(ascii: "0"))
        }
        return number
    }
}

extension UInt8 {
    /// Whether it is a character of accounts and ids, or a slash.
    fileprivate var standsForItself: Bool {
        switch self {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "-")...UInt8(ascii: ":"), UInt8(ascii: "_"), UInt8(ascii: "@"):
            true
        default: false
        }
    }

    fileprivate var lowercase: UInt8 { (0x41...0x5A).contains(self) ? self | 0x20 : self }
}
