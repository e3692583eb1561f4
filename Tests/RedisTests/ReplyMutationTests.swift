// Random changes to streams of replies, through the decoder and through a whole link: the replies
// of a strict parser come out, in order and to the right caller, and nothing else.

import NIOCore
import SeededChance
import SharedVectors
import TestServers
import Testing

@testable import Redis

/// Valid replies, recorded or ours, and streams made of them.
private struct Streams {
    static let mutator = Mutator(
        [
            "\r\n", "\r", "\n", "+", "-", ":", "$", "*", "$-1\r\n", "*-1\r\n", "*0\r\n", "*2\r\n",
            "$3\r\nabc\r\n", "\0",
        ]
            + [
                "*1000000000\r\n", "$536870912\r\n", "_\r\n", ">1\r\n", "%1\r\n", "+OK\r\n", ":7\r\n",
                "*1\r\n*1\r\n",
            ])

    let replies: [[UInt8]]

    /// - Parameter longest: in bytes; longer ones are of no use where there are many.
    init(longest: Int = 2_048) throws {
        let recorded = try RecordedRepliesTests.recordings()
        SharedVectors.say(
            "replies to mutate", recorded?.count ?? ReplyDecoderTests.sample.count, shared: recorded != nil)
        let ours = ReplyDecoderTests.sample.map { Array($0.wire.utf8) }
        replies = (ours + (recorded ?? []).map { Array($0.reply_base64) }).filter { $0.count <= longest }
    }

    func mutant(of count: Int, using random: inout SeededGenerator) -> [UInt8] {
        let stream = (0..<count).flatMap { _ in random.pick(replies) }
        guard random.once(in: 4) else { return Self.mutator.mutant(of: stream, most: 2, using: &random) }
        return Self.mutator.splice(stream, random.pick(replies), using: &random)
    }
}

@Suite("Mutated replies", .serialized)
struct ReplyMutationTests {
    @Test("through the decoder are what a strict reading makes of them, however cut", arguments: 0..<8)
    func decoder(seed: Int) throws {
        let streams = try Streams()
        var random = SeededGenerator(seed: seed)
        var endings: [StrictReplies.Ending: Int] = [:]
        for round in 0..<Proof.times(1_500) {
            let bytes = streams.mutant(of: random.number(in: 1...4), using: &random)
            let strict = StrictReplies(bytes)
            endings[strict.ending, default: 0] += 1
            let decoder = ReplyDecoder(maximumReplyBytes: 1 << 20)
            var replies: [RedisReply] = []
            var isRefused = false
            do {
                for piece in random.pieces(of: bytes) {
                    try decoder.feed(ByteBuffer(bytes: piece))
                    while let reply = try decoder.next() { replies.append(reply) }
                }
            } catch {
                isRefused = true
            }
            // A line that is broken already may still be without its end.
            let mayBeEither = strict.ending == .incomplete && isRefused
            guard replies == strict.replies, isRefused == (strict.ending == .broken) || mayBeEither else {
                Issue.record(
                    """
                    seed \(seed), round \(round): \(String(decoding: bytes, as: UTF8.self).debugDescription)
                    strictly \(strict.replies), \(strict.ending); decoded \(replies), refused: \(isRefused)
                    """)
                return
            }
        }
        print("decoder \(seed): \(endings)")
        #expect(endings.count == 3)
    }

    @Test(
        "through a link reach the callers who asked, in order; the rest fail, and the next connection is good",
        arguments: 0..<4)
    func link(seed: Int) async throws {
        let streams = try Streams(longest: 256)
        var random = SeededGenerator(seed: 1_000 + seed)
        let mutants = (0..<Proof.times(40)).map { _ in
            let asked = random.number(in: 1...5)
            return (asked, streams.mutant(of: asked, using: &random))
        }
        let scripts = mutants.map { asked, bytes -> [ScriptedServer.Step] in
            let pieces = random.pieces(of: bytes)
            // Each piece is a write of its own, and many of those are slow.
            return [
                .receive(1), .send("+PONG\r\n"), .receive(asked),
                .sendPieces(pieces.count > 64 ? [bytes] : pieces), .close,
            ]
        }
        var received: [String: Int] = [:]
        try await ScriptedServer.withServer(playing: scripts + [[.receive(1), .send("+PONG\r\n")]]) {
            server in
            try await LinkRig.withLink(server.url) { settings in
                settings.connectDeadline = .seconds(20)
                settings.commandDeadline = .seconds(20)
                settings.backoff = Backoff(first: .milliseconds(1), longest: .milliseconds(1))
            } _: { rig in
                for (round, (asked, bytes)) in mutants.enumerated() {
                    try await eventually("the link is ready again") { rig.readyCount == round + 1 }
                    let strict = StrictReplies(bytes).replies
                    let answers = try await rig.send(Array(repeating: ["GET", "k"], count: asked))
                    let isRight = answers.enumerated().allSatisfy { place, answer in
                        place < strict.count ? answer.reply == strict[place] : answer.isLost
                    }
                    for answer in answers { received[answer.isLost ? "lost" : "answered", default: 0] += 1 }
                    guard isRight else {
                        let text = String(decoding: bytes, as: UTF8.self).debugDescription
                        Issue.record(
                            "seed \(seed), round \(round): \(text)\nstrictly \(strict)\nheard \(answers)")
                        return
                    }
                }
                try await eventually("the link is ready at last") { rig.readyCount == mutants.count + 1 }
            }
        }
        print("link \(seed): \(mutants.count) connections, commands \(received)")
        #expect(received.count == 2)
    }
}
