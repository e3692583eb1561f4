// Finds complete HTTP/1.1 replies in the bytes of a connection. It reads only what decides where a
// reply ends and whether the connection continues, and skips the rest. A general decoder makes a
// string of every header field, which costs several times as much.

import NIOCore

/// The bytes are not a reply of Stint.
struct UnreadableReply: Error, Hashable, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}

struct ReplyFraming {
    /// The most bytes of status line and header fields.
    static let longestHead = 16_384
    static let longestBody = 1 << 20

    struct Reply: Hashable {
        /// 200 to 599.
        let status: Int
        let body: ByteBuffer
        /// Whether the server closes the connection after it.
        let closes: Bool
    }

    /// The needed parts of a head.
    private struct Head {
        var status = 0
        var bodyLength: Int?
        var closes = false
    }

    private init() {}

    /// Removes the first reply from `bytes`, and skips informational ones (1xx).
    /// - Returns: nil if it is incomplete.
    /// - Throws: ``UnreadableReply``.
    static func next(in bytes: inout ByteBuffer) throws(UnreadableReply) -> Reply? {
        while true {
            guard let end = try endOfHead(bytes.readableBytesUInt8Span) else { return nil }
            let head = try read(bytes.readableBytesUInt8Span, upTo: end)
            if head.status < 200 {
                bytes.moveReaderIndex(forwardBy: end)
                continue
            }
            let isEmpty = head.status == 204 || head.status == 304
            guard let length = isEmpty ? 0 : head.bodyLength else {
                throw UnreadableReply("a reply without Content-Length")
            }
            guard bytes.readableBytes >= end + length else { return nil }
            bytes.moveReaderIndex(forwardBy: end)
            guard let body = bytes.readSlice(length: length) else { return nil }
            return Reply(status: head.status, body: body, closes: head.closes)
        }
    }

    /// The index after the empty line; nil if it has not come yet.
    private static func endOfHead(_ bytes: Span<UInt8>) throws(UnreadableReply) -> Int? {
        // Bytes that are not HTTP fail at once, not after a whole head.
        let opening: StaticString = "HTTP/1."
        for place in 0..<min(opening.utf8CodeUnitCount, bytes.count)
        where bytes[place] != opening.withUTF8Buffer({ $0[place] }) {
            throw UnreadableReply("no HTTP/1 reply")
        }
        var place = 3
        while place < min(bytes.count, longestHead) {
            // The end of the head is CR LF CR LF. The byte here decides how far ahead it may be.
            switch bytes[place] {
            case UInt8(ascii: "\n"):
                if bytes[place - 2] == UInt8(ascii: "\n"), bytes[place - 1] == UInt8(ascii: "\r") {
                    return place + 1
                }
                place += 2
            case UInt8(ascii: "\r"): place += 1
            default: place += 2
            }
        }
        guard bytes.count < longestHead else {
            throw UnreadableReply("a reply with more than \(longestHead) bytes of header fields")
        }
        return nil
    }

    private static func read(_ bytes: Span<UInt8>, upTo end: Int) throws(UnreadableReply) -> Head {
        var head = Head()
        // HTTP/1.1 201 Created
        guard end >= 16, bytes[8] == UInt8(ascii: " ") else { throw UnreadableReply("no HTTP/1 reply") }
        for place in 9..<12 {
            guard let digit = digit(bytes[place]) else { throw UnreadableReply("a status that is no number") }
            head.status = head.status * 10 + digit
        }
        guard (100...599).contains(head.status), head.status != 101 else {
            throw UnreadableReply("status \(head.status)")
        }
        head.closes = bytes[7] == UInt8(ascii: "0")
        var line = try next(bytes, after: 12)
        while bytes[line] != UInt8(ascii: "\r") {
            let following = try next(bytes, after: line)
            switch bytes[line] | 0x20 {
            case UInt8(ascii: "c"):
                if let value = value(of: "content-length:", bytes, line) {
                    head.bodyLength = try length(bytes, value)
                } else if let value = value(of: "connection:", bytes, line) {
                    // Servers send only "keep-alive" and "close".
                    head.closes = bytes[value] | 0x20 == UInt8(ascii: "c")
                }
            case UInt8(ascii: "t"):
                guard value(of: "transfer-encoding:", bytes, line) == nil else {
                    throw UnreadableReply("a reply with Transfer-Encoding")
                }
            default: break
            }
            line = following
        }
        return head
    }

    /// The start of the next line. There is one, because the head ends with an empty line.
    private static func next(_ bytes: Span<UInt8>, after place: Int) throws(UnreadableReply) -> Int {
        var place = place
        while place < bytes.count {
            if bytes[place] == UInt8(ascii: "\n") { return place + 1 }
            place += 1
        }
        throw UnreadableReply("a head without an end")
    }

    /// The index of the field's value, if the line is that field.
    private static func value(of field: StaticString, _ bytes: Span<UInt8>, _ line: Int) -> Int? {
        let count = field.utf8CodeUnitCount
        guard line + count < bytes.count else { return nil }
        let isField = field.withUTF8Buffer { field in
            field.indices.allSatisfy { bytes[line + $0] | 0x20 == field[$0] | 0x20 }
        }
        guard isField else { return nil }
        var place = line + count
        while bytes[place] == UInt8(ascii: " ") { place += 1 }
        return place
    }

    private static func length(_ bytes: Span<UInt8>, _ start: Int) throws(UnreadableReply) -> Int {
        var (length, place) = (0, start)
        while let digit = digit(bytes[place]) {
            length = length * 10 + digit
            place += 1
            guard length <= longestBody else {
                throw UnreadableReply("a reply of more than \(longestBody) bytes")
            }
        }
        guard place > start, bytes[place] == UInt8(ascii: "\r") else {
            throw UnreadableReply("a Content-Length that is no number")
        }
        return length
    }

    private static func digit(_ byte: UInt8) -> Int? {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) ? Int(byte - UInt8(ascii: "0")) : nil
    }
}
