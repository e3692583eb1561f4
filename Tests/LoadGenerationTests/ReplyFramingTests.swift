// Replies as bytes: whole, in pieces, one after another, and invalid ones.

import NIOCore
import Randomness
import Testing

@testable import LoadGeneration

@Suite("Framing of replies")
struct ReplyFramingTests {
    private static let denial =
        "HTTP/1.1 429 Too Many Requests\r\nContent-Type: application/problem+json\r\ncontent-LENGTH:   7\r\n"
        + "RateLimit: \"executions\";r=0;t=7\r\nX: \r\n\r\n{\"a\":1}"

    @Test("A reply is found once its last byte is there, wherever it was cut")
    func pieces() throws {
        let whole = Self.denial.utf8
        for cut in 0..<whole.count {
            var bytes = ByteBuffer(bytes: whole.prefix(cut))
            #expect(try ReplyFraming.next(in: &bytes) == nil, "cut at \(cut)")
            bytes.writeBytes(whole.dropFirst(cut))
            let reply = try #require(try ReplyFraming.next(in: &bytes), "cut at \(cut)")
            #expect(reply.status == 429)
            #expect(String(buffer: reply.body) == "{\"a\":1}")
            #expect(!reply.closes)
            #expect(bytes.readableBytes == 0)
        }
    }

    @Test("Replies after one another are taken one by one, informational ones skipped")
    func several() throws {
        var bytes = ByteBuffer(
            string: "HTTP/1.1 100 Continue\r\n\r\n" + Self.denial + "HTTP/1.1 204 No Content\r\n\r\n")
        #expect(try ReplyFraming.next(in: &bytes)?.status == 429)
        #expect(try ReplyFraming.next(in: &bytes)?.status == 204)
        #expect(try ReplyFraming.next(in: &bytes) == nil)
    }

    @Test(
        "It says when the connection ends with the reply",
        arguments: [
            ("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n", true),
            ("HTTP/1.1 200 OK\r\nCONNECTION: Close\r\nContent-Length: 0\r\n\r\n", true),
            ("HTTP/1.1 200 OK\r\nConnection: keep-alive\r\nContent-Length: 0\r\n\r\n", false),
            ("HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n", true),
            ("HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 0\r\n\r\n", false),
            ("HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n", false),
        ])
    func closing(text: String, closes: Bool) throws {
        var bytes = ByteBuffer(string: text)
        #expect(try ReplyFraming.next(in: &bytes)?.closes == closes)
    }

    @Test(
        "What no Stint sends is refused",
        arguments: [
            ("SSH-2.0-OpenSSH\r\n", "no HTTP/1 reply"), ("<", "no HTTP/1 reply"),
            ("HTTP/2 200 OK\r\n\r\n", "no HTTP/1 reply"), ("HTTP/1.1\r\n\r\n", "no HTTP/1 reply"),
            ("HTTP/1.1 2x0 OK\r\nContent-Length: 0\r\n\r\n", "a status that is no number"),
            ("HTTP/1.1 099 OK\r\nContent-Length: 0\r\n\r\n", "status 99"),
            ("HTTP/1.1 101 Switching Protocols\r\n\r\n", "status 101"),
            ("HTTP/1.1 200 OK\r\nServer: x\r\n\r\nbody", "a reply without Content-Length"),
            ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "a reply with Transfer-Encoding"),
            ("HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n", "a Content-Length that is no number"),
            ("HTTP/1.1 200 OK\r\nContent-Length: 1, 1\r\n\r\n", "a Content-Length that is no number"),
            ("HTTP/1.1 200 OK\r\nContent-Length:\r\n\r\n", "a Content-Length that is no number"),
            (
                "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n",
                "a reply of more than 1048576 bytes"
            ),
            (
                "HTTP/1.1 200 OK\r\nX: " + String(repeating: "x", count: 16_384),
                "a reply with more than 16384 bytes of header fields"
            ),
        ])
    func refused(text: String, words: String) {
        #expect(throws: UnreadableReply(words)) {
            var bytes = ByteBuffer(string: text)
            _ = try ReplyFraming.next(in: &bytes)
        }
    }

    @Test("No bytes make it read beyond their end, or find a reply and leave half of it", arguments: 0..<20)
    func mutations(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        for _ in 0..<500 {
            var text = Array(Self.denial.utf8)
            for _ in 0...random.number(below: 4) {
                text[random.number(below: text.count)] = UInt8(truncatingIfNeeded: random.next())
            }
            var bytes = ByteBuffer(bytes: text.prefix(random.number(below: text.count + 1)))
            do {
                while let reply = try ReplyFraming.next(in: &bytes) {
                    #expect((200...599).contains(reply.status))
                    #expect(reply.body.readableBytes <= text.count)
                }
            } catch {
                #expect(!error.description.isEmpty)
            }
        }
    }
}
