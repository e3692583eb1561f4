// A strict parser of the server's replies (RFC 9112): whole replies, or an error that says why not.

import WireFormat

/// Bytes from the server that are no replies.
struct HTTPReplyError: Error, CustomStringConvertible {
    let description: String
}

struct HTTPReply {
    let status: Int
    /// Names in lower case.
    let fields: [(name: String, value: String)]
    /// Empty for the reply to HEAD.
    let body: String

    func field(_ name: String) -> String? { fields.first { $0.name == name }?.value }

    /// Everything that was sent on one connection, interim replies (100) among it.
    static func all(in text: String) throws -> [HTTPReply] {
        var rest = Array(text.utf8)[...]
        var replies: [HTTPReply] = []
        while !rest.isEmpty { replies.append(try HTTPReply(&rest)) }
        return replies
    }

    private init(_ rest: inout ArraySlice<UInt8>) throws {
        let start = try Self.line(&rest)
        guard let match = start.wholeMatch(of: #/HTTP/1\.1 (\d\d\d) [A-Z][A-Za-z ]+/#),
            let status = Int(match.output.1)
        else { throw HTTPReplyError(description: "no status line: \(start.debugDescription)") }
        var fields: [(name: String, value: String)] = []
        while case let line = try Self.line(&rest), !line.isEmpty {
            guard let match = line.wholeMatch(of: #/([A-Za-z-]+): ([\x20-\x7E]*)/#) else {
                throw HTTPReplyError(description: "no header field: \(line.debugDescription)")
            }
            fields.append((match.output.1.lowercased(), String(match.output.2)))
        }
        self.status = status
        self.fields = fields
        guard status != 100 else {
            body = ""
            return
        }
        let lengths = fields.filter { $0.name == "content-length" }
        guard lengths.count == 1, let length = Int(lengths[0].value), length > 0 else {
            throw HTTPReplyError(description: "no one length: \(lengths)")
        }
        // Every body is a JSON object, so that the reply to HEAD is told by what is missing.
        guard rest.first == UInt8(ascii: "{") else {
            body = ""
            return
        }
        guard rest.count >= length else { throw HTTPReplyError(description: "a body that is cut off") }
        let bytes = rest.prefix(length)
        try JSONReader.validate(bytes)
        body = String(decoding: bytes, as: UTF8.self)
        rest = rest.dropFirst(length)
    }

    private static func line(_ rest: inout ArraySlice<UInt8>) throws -> String {
        guard let end = rest.indices.dropLast().first(where: { rest[$0] == 0x0D && rest[$0 + 1] == 0x0A })
        else {
            throw HTTPReplyError(
                description: "a line without end: \(String(decoding: rest, as: UTF8.self).debugDescription)")
        }
        defer { rest = rest[(end + 2)...] }
        return String(decoding: rest[..<end], as: UTF8.self)
    }
}
