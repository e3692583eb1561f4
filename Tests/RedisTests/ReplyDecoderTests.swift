// Reply bytes through the decoder: whole, cut in two at every byte, byte by byte, several in one
// read, and invalid bytes. The table here was recorded from Redis 7.0.15; a longer recording is
// replayed if given.

import Foundation
import NIOCore
import Testing

@testable import Redis

/// Decodes `chunks` with a new decoder; what is left over is an error.
func decode(_ chunks: [ByteBuffer], maximumReplyBytes: Int = 1 << 20) throws -> [RedisReply] {
    let decoder = ReplyDecoder(maximumReplyBytes: maximumReplyBytes)
    var replies: [RedisReply] = []
    for chunk in chunks {
        try decoder.feed(chunk)
        while let reply = try decoder.next() { replies.append(reply) }
    }
    return replies
}

@Suite("Replies are decoded")
struct ReplyDecoderTests {
    struct Row: Sendable, CustomTestStringConvertible {
        let wire: String
        let reply: RedisReply

        init(_ wire: String, _ reply: RedisReply) {
            self.wire = wire
            self.reply = reply
        }

        var testDescription: String { String(wire.debugDescription.prefix(60)) }
    }

    static func bulk(_ text: String) -> RedisReply { .bulk(ByteBuffer(string: text)) }

    static let sample = [
        Row("+PONG\r\n", .status("PONG")),
        Row("+\r\n", .status("")),
        Row("-MYERR no\r\n", .error("MYERR no")),
        Row(
            "-NOSCRIPT No matching script. Please use EVAL.\r\n",
            .error("NOSCRIPT No matching script. Please use EVAL.")),
        Row(":0\r\n", .integer(0)),
        Row(":-4\r\n", .integer(-4)),
        Row(":9223372036854775807\r\n", .integer(.max)),
        Row("$-1\r\n", .null),
        Row("*-1\r\n", .null),
        Row("$0\r\n\r\n", bulk("")),
        Row("$4\r\na\r\nb\r\n", bulk("a\r\nb")),
        Row("$3\r\n\0\r\n\r\n", bulk("\0\r\n")),
        Row("*0\r\n", .array([])),
        Row("*2\r\n$1\r\n1\r\n$-1\r\n", .array([bulk("1"), .null])),
        Row(
            "*3\r\n:1\r\n:2\r\n*3\r\n:3\r\n$4\r\nfour\r\n$-1\r\n",
            .array([.integer(1), .integer(2), .array([.integer(3), bulk("four"), .null])])),
        Row("*2\r\n*0\r\n*-1\r\n", .array([.array([]), .null])),
        Row(
            "*3\r\n+OK\r\n-ERR x\r\n*1\r\n*1\r\n:7\r\n",
            .array([.status("OK"), .error("ERR x"), .array([.array([.integer(7)])])])),
        Row(
            "*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n:1\r\n",
            (0..<7).reduce(.integer(1)) { reply, _ in .array([reply]) }),
    ]

    @Test("a reply is the same value however its bytes are cut", arguments: sample)
    func decodesHoweverCut(_ row: Row) throws {
        let whole = ByteBuffer(string: row.wire)
        #expect(try decode([whole]) == [row.reply])
        for chunks in cuts(of: whole) { #expect(try decode(chunks) == [row.reply]) }
    }

    @Test("many replies in one read come out one by one, also when the reads are cut elsewhere")
    func decodesPipelines() throws {
        let rows = (0..<40).flatMap { _ in Self.sample }
        let whole = ByteBuffer(string: rows.map(\.wire).joined())
        for size in [1, 2, 3, 7, 64, 1_000, 1_023, 1_024, 1_025, whole.readableBytes] {
            #expect(try decode(pieces(of: whole, size)) == rows.map(\.reply), "reads of \(size) bytes")
        }
    }

    @Test("a bulk reply that came in one read is a slice of it, not a copy")
    func slicesBulkReplies() throws {
        // Far over the 1,024 bytes after which hiredis moves its buffer.
        let filler = String(repeating: "x", count: 5_000)
        let read = ByteBuffer(string: "$5000\r\n\(filler)\r\n:1\r\n$3\r\nabc\r\n")
        let replies = try decode([read])
        #expect(replies == [Self.bulk(filler), .integer(1), Self.bulk("abc")])
        for case .bulk(let slice) in replies {
            let isInside = read.withUnsafeReadableBytes { all in
                slice.withUnsafeReadableBytes { part in
                    guard let outer = all.baseAddress, let inner = part.baseAddress else { return false }
                    return inner >= outer && inner + part.count <= outer + all.count
                }
            }
            #expect(isInside)
        }
    }

    @Test(
        "bytes that are no RESP2 are an error, never a value or a crash",
        arguments: [
            "HTTP/1.1 400 Bad Request\r\n\r\n", "\0\0\0\0", "\r\n", "x\r\n", "$abc\r\n", "$-2\r\n", "*-2\r\n",
            "$99999999999999999999\r\n", "*99999999999999999999\r\n", "*2147483648\r\n",
            "$9223372036854775808\r\n",
            ":\r\n", ":1x\r\n", ":99999999999999999999\r\n", ":+1\r\n", "*1\r\n!\r\n", "_\r\n", "#t\r\n",
            ",1.5\r\n",
            "%1\r\n+a\r\n+b\r\n", "~1\r\n+a\r\n", ">1\r\n+a\r\n", "(12345678901234567890\r\n",
            "=6\r\ntxt:hi\r\n",
            String(repeating: "*1\r\n", count: 9) + ":1\r\n",
        ])
    func refuses(_ wire: String) {
        for chunks in [[ByteBuffer(string: wire)]] + cuts(of: ByteBuffer(string: wire)) {
            #expect(throws: ReplyDecodingError.self) { try decode(chunks) }
        }
    }

    @Test(
        "half a reply is no reply",
        arguments: ["$10\r\nabc", "*2147483647\r\n", "+OK", "$9223372036854775807\r\n"])
    func waitsForTheRest(_ wire: String) throws {
        #expect(try decode([ByteBuffer(string: wire)]).isEmpty)
    }

    @Test("a reply longer than the bound is refused, complete or not; one at the bound is not")
    func boundsReplies() throws {
        let wire = "$10\r\n0123456789\r\n"
        #expect(
            try decode([ByteBuffer(string: wire + wire + wire)], maximumReplyBytes: wire.utf8.count).count
                == 3)
        let oneLess = wire.utf8.count - 1
        #expect(throws: ReplyDecodingError.self) {
            try decode([ByteBuffer(string: wire)], maximumReplyBytes: oneLess)
        }
        let endless = pieces(of: ByteBuffer(string: "+" + String(repeating: "x", count: 100)), 10)
        #expect(throws: ReplyDecodingError.self) { try decode(endless, maximumReplyBytes: 100) }
        let huge = pieces(of: ByteBuffer(string: "*1000000\r\n" + String(repeating: ":1\r\n", count: 50)), 10)
        #expect(throws: ReplyDecodingError.self) { try decode(huge, maximumReplyBytes: 100) }
    }

    @Test(
        "a bulk string that does not end where its length says is refused, and the next reply not read from its midst",
        arguments: [
            "$2\r\nabc\r\n", "$4\r\nabc\r\n:12\r\n", "$5\r\nabc\r\n:12\r\n", "$3\r\nabc\n\r", "$0\r\nabc\r\n",
            "*2\r\n:1\r\n$4\r\nabc\r\n:2\r\n",
        ])
    func refusesWrongLengths(_ wire: String) {
        for chunks in [[ByteBuffer(string: wire)]] + cuts(of: ByteBuffer(string: wire)) {
            #expect(throws: ReplyDecodingError(reason: "a bulk string does not end where its length says")) {
                try decode(chunks)
            }
        }
    }

    @Test(
        "a header that announces much takes no memory until it comes",
        arguments: ["*1000000000\r\n", "*2147483647\r\n", "$536870912\r\n", "$9223372036854775807\r\n"])
    func announcesMuch(_ header: String) throws {
        let nested = String(repeating: "*2147483647\r\n", count: 6) + header
        let before = try residentBytes()
        let decoders = try [header, nested, nested + "$536870912\r\n"].map { wire in
            let decoder = ReplyDecoder(maximumReplyBytes: 1 << 20)
            try decoder.feed(ByteBuffer(string: wire))
            do {
                #expect(try decoder.next() == nil)
            } catch {
                #expect("\(error)".contains("nested"), "\(error)")
            }
            return decoder
        }
        #expect(decoders.count == 3)
        #expect(try residentBytes() - before < 64 << 20)
    }

    /// What this process holds in memory.
    private func residentBytes() throws -> Int {
        let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
        let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("VmRSS:") })
        return try #require(Int(line.filter(\.isNumber))) * 1_024
    }
}

/// `whole` cut in two at every byte (every 997th of a long one, and near its ends), and cut into
/// single bytes.
func cuts(of whole: ByteBuffer) -> [[ByteBuffer]] {
    let count = whole.readableBytes
    let places = (1..<max(count, 1)).filter { count <= 4_096 || $0 < 64 || $0 > count - 64 || $0 % 997 == 0 }
    return [pieces(of: whole, 1)]
        + places.map { place in
            var rest = whole
            return [rest.readSlice(length: place) ?? ByteBuffer(), rest]
        }
}

/// `whole` in pieces of `size` bytes, each in memory of its own.
func pieces(of whole: ByteBuffer, _ size: Int) -> [ByteBuffer] {
    let bytes = Array(whole.readableBytesView)
    return stride(from: 0, to: bytes.count, by: size).map {
        ByteBuffer(bytes: bytes[$0..<min($0 + size, bytes.count)])
    }
}
