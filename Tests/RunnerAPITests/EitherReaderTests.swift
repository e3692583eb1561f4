// The same bytes to two connections: one may read them as plain requests, the other has NIO's
// decoder read all of them, because a first byte that comes alone is not plain. A client cannot
// distinguish the two.

import NIOCore
import NIOEmbedded
import SeededChance
import Testing

@testable import RunnerAPI

@Suite("Whoever reads a request")
struct EitherReaderTests {
    /// What a client and the ledger see of a connection.
    private struct Answered: Equatable {
        var replies = ""
        var isOpen = true
        var asked: [String] = []
    }

    /// What becomes of it when nothing more comes, and what was counted of it all.
    private struct Ended: Equatable {
        var replies = ""
        var isOpen = true
        var metrics: [String: Double] = [:]
    }

    private enum Cut { case whole, afterFirst, everywhere }

    /// - Parameter answersAtOnce: or when all bytes have come.
    private static func seen(
        _ bytes: [UInt8], cut: Cut, answersAtOnce: Bool
    ) throws -> (answered: Answered, ended: Ended) {
        let client = try EmbeddedClient(isScripted: true)
        var answered = Answered()
        let pieces: [[UInt8]] =
            switch cut {
            case .whole: [bytes]
            case .afterFirst: [Array(bytes.prefix(1)), Array(bytes.dropFirst())]
            case .everywhere: bytes.map { [$0] }
            }
        for piece in pieces {
            try client.send(piece)
            while answersAtOnce, !client.scripted.waiting.isEmpty { client.scripted.answer() }
            answered.replies += try client.received()
        }
        while !client.scripted.waiting.isEmpty {
            client.scripted.answer()
            answered.replies += try client.received()
        }
        answered.isOpen = client.isOpen
        answered.asked = client.scripted.asked.map { "\($0.account) \($0.question)" }
        // Longer than a request may take, and less than a connection may be idle.
        client.eventLoop.advanceTime(by: .seconds(11))
        let ended = Ended(
            replies: try client.received(), isOpen: client.isOpen, metrics: client.metrics.series)
        return (answered, ended)
    }

    private static let mutator = Mutator([
        "\r\n", "\n", "\r", "\0", ":", " ", "\t", "Content-Length: 5\r\n", "Transfer-Encoding: chunked\r\n",
        "HTTP/1.1",
        "Connection: close\r\n", "Host: localhost\r\n", "\r\n\r\n", "{", "}", "P", "GET ", "POST ",
        "GET /v1/accounts/a/limits HTTP/1.1\r\nHost: localhost\r\n\r\n",
    ])

    @Test("it gets the same reply, byte for byte", arguments: 0..<8)
    func sameReplies(seed: Int) throws {
        var random = SeededGenerator(seed: 4_000 + seed)
        var statuses: [Substring: Int] = [:]
        var plain = 0
        for round in 0..<Proof.times(100) {
            let draw = RequestDraw(rarity: random.pick([6, 20, 60, 1_000]))
            // Now and then more than may be in flight.
            let count = random.once(in: 12) ? 40 : random.number(in: 1...4)
            var bytes = (0..<count).flatMap { _ in draw.request(&random) }
            if random.once(in: 4) { bytes = Self.mutator.mutant(of: bytes, most: 2, using: &random) }
            bytes = Array(bytes.prefix(16_000))
            guard !bytes.isEmpty else { continue }
            plain += Self.plainRequests(in: bytes)
            let atOnce = random.once(in: 2)
            let whole = try Self.seen(bytes, cut: .whole, answersAtOnce: atOnce)
            let text =
                "seed \(seed), round \(round): \(String(decoding: bytes, as: UTF8.self).debugDescription)"
            let decoded = try Self.seen(bytes, cut: .afterFirst, answersAtOnce: atOnce)
            #expect(decoded.answered == whole.answered, "\(text)")
            #expect(decoded.ended == whole.ended, "\(text)")
            if count < 4, random.once(in: 4) {
                let single = try Self.seen(bytes, cut: .everywhere, answersAtOnce: atOnce)
                #expect(single.answered == whole.answered, "\(text)")
            }
            for match in whole.answered.replies.matches(of: #/HTTP/1\.1 (\d\d\d) /#) {
                statuses[match.output.1, default: 0] += 1
            }
        }
        print("either reader \(seed): \(plain) plain first, replies \(statuses.sorted { $0.key < $1.key })")
        #expect(plain > Proof.times(40) && statuses["201"] != nil && statuses["400"] != nil)
    }

    /// How many a connection reads as such before anything else comes.
    private static func plainRequests(in bytes: [UInt8]) -> Int {
        let bounds = PlainRequest.Bounds(headBytes: 16_384, fields: 100, bodyBytes: 65_536)
        var (count, place) = (0, 0)
        while let request = PlainRequest(in: bytes.span, from: place, within: bounds) {
            count += 1
            place = request.body.upperBound
        }
        return count
    }

    @Test(
        "the next is not taken for plain while the decoder holds a part of one",
        arguments: ["P", "G", "M-", "POST", "\r", "\r\n", "\r\nGET", "\n\nP"])
    func remainder(_ part: String) throws {
        let first = EmbeddedClient.admit().replacing(
            "Host: localhost\r\n", with: "Host: localhost\r\nX-Unknown: y\r\n")
        let next = EmbeddedClient.peek
        let client = try EmbeddedClient()
        var replies = try client.ask(first + part)
        #expect(replies.hasPrefix("HTTP/1.1 201 "))
        replies += try client.ask(next)
        #expect(try EmbeddedClient().ask(first + part + next) == replies)
    }

    @Test("a request that came in pieces, or had something unusual, is followed by plain ones")
    func afterwards() throws {
        let client = try EmbeddedClient()
        let odd = EmbeddedClient.get("/v1/accounts/acme/limits", fields: "X-Unknown: y\r\n")
        let admit = Array(EmbeddedClient.admit().utf8)
        for _ in 0..<3 {
            #expect(try client.ask(odd).hasPrefix("HTTP/1.1 200 "))
            #expect(try client.ask(EmbeddedClient.admit()).hasPrefix("HTTP/1.1 201 "))
            try client.send(Array(admit.prefix(30)))
            try client.send(Array(admit.dropFirst(30)))
            #expect(try client.received().hasPrefix("HTTP/1.1 201 "))
        }
        #expect(client.isOpen)
    }
}
