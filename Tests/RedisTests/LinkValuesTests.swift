// The parts of a link that decide without I/O: the order of replies, the greeting, the backoff.

import NIOCore
import SeededChance
import Testing

@testable import Redis

@Suite("A link's decisions")
struct LinkValuesTests {
    private static func at(_ ms: Int) -> NIODeadline { .uptimeNanoseconds(UInt64(ms) * 1_000_000) }

    @Test("replies belong to commands in order, and the deadline is always that of the oldest")
    func keepsOrder() {
        var waiting = WaitingReplies<Int>()
        for number in 0..<3 { waiting.append(number, deadline: Self.at(number)) }
        #expect(waiting.dequeue() == .unasked, "nothing was handed over yet")
        waiting.handOver()
        for number in 0..<3 {
            #expect(waiting.deadline == Self.at(number))
            #expect(waiting.dequeue() == .sink(number))
        }
        #expect(waiting.deadline == nil && waiting.dequeue() == .unasked)
    }

    @Test("what the socket had is lost, the rest was not sent")
    func failsByWhatTheSocketHad() {
        var waiting = WaitingReplies<Int>()
        waiting.append(0, deadline: Self.at(1))
        waiting.append(1, deadline: Self.at(1))
        waiting.handOver()
        waiting.append(2, deadline: Self.at(1))
        #expect(waiting.dequeue() == .sink(0))
        let failures = waiting.failures(because: "why")
        #expect(failures.map(\.sink) == [1, 2])
        #expect(failures.map(\.failure) == [.lost("why"), .notSent("why")])
    }

    @Test("who is forgotten hears nothing more, and keeps a place until the reply has come")
    func forgets() {
        var waiting = WaitingReplies<Int>()
        for number in 0..<4 { waiting.append(number, deadline: Self.at(10 * number)) }
        waiting.handOver()
        waiting.append(4, deadline: Self.at(40))
        let early = waiting.forget(dueBy: Self.at(15))
        #expect(early.sinks == [0, 1] && early.count == 2 && waiting.deadline == Self.at(20))
        let withdrawn = waiting.withdrawUnsent()
        #expect(withdrawn == [4] && waiting.count == 4)
        let late = waiting.forget(dueBy: Self.at(25))
        #expect(late.sinks == [2])
        #expect(waiting.failures(because: "why").map(\.sink) == [3])
        for _ in 0..<3 {
            #expect(waiting.hasForgotten)
            #expect(waiting.dequeue() == .forgotten)
        }
        #expect(!waiting.hasForgotten)
        #expect(waiting.dequeue() == .sink(3))
        #expect(waiting.dequeue() == .unasked)
    }

    @Test("what the socket has not is not forgotten, whatever the time")
    func keepsUnsent() {
        var waiting = WaitingReplies<Int>()
        waiting.append(0, deadline: Self.at(1))
        #expect(waiting.areAllUnsent && waiting.deadline == Self.at(1))
        let forgotten = waiting.forget(dueBy: Self.at(2))
        #expect(forgotten.count == 0 && waiting.count == 1)
    }

    @Test("the backoff draws below a ceiling that doubles to its longest, and starts again after a reset")
    func backsOff() {
        var random = Highest()
        var backoff = Backoff()
        let delays = (0..<8).map { _ in backoff.next(using: &random) }
        #expect(delays == [10, 20, 40, 80, 160, 320, 400, 400].map { .milliseconds($0) })
        backoff.reset()
        #expect(backoff.next(using: &random) == .milliseconds(10))
        var seeded = SeededGenerator(seed: 3)
        let drawn = (0..<1_000).map { _ in backoff.next(using: &seeded) }
        #expect(drawn.allSatisfy { (.zero ... .milliseconds(400)).contains($0) })
        #expect(drawn.contains { $0 < .milliseconds(40) } && drawn.contains { $0 > .milliseconds(360) })
    }

    /// Draws the greatest value of every range.
    private struct Highest: RandomNumberGenerator {
        mutating func next() -> UInt64 { .max }
    }

    @Test(
        "the greeting says who we are and which database",
        arguments: [
            ("redis://h", ["PING"]),
            ("redis://:pw@h", ["AUTH pw", "PING"]),
            ("redis://ann:pw@h/3", ["AUTH ann pw", "SELECT 3", "PING"]),
        ])
    func greets(_ url: String, _ commands: [String]) throws {
        var writer = CommandWriter()
        Greeting(url: try RedisURL(url)).write(to: &writer)
        let expected = commands.map { written($0.split(separator: " ").map { Array($0.utf8) }) }
        #expect(writer.buffer == expected.reduce(into: ByteBuffer()) { $0.writeImmutableBuffer($1) })
    }

    @Test(
        "a server that knows us is welcome though it is busy; any other answer is a refusal",
        arguments: [
            (RedisReply.status("PONG"), Greeting.Outcome.welcome),
            (.error("LOADING Redis is loading the dataset in memory"), .welcome),
            (.error("BUSY Redis is busy running a script."), .welcome),
            (.error("NOPERM this user has no permissions"), .welcome),
            (.error("NOAUTH Authentication required."), .refused("PING was refused: NOAUTH")),
            (.error("DENIED Redis is running in protected mode"), .refused("PING was refused: DENIED")),
            (.error("lower hunter2"), .refused("PING was refused: ")),
            (.integer(1), .refused("PING was refused: not a reply to that")),
        ])
    func judges(_ reply: RedisReply, _ outcome: Greeting.Outcome) throws {
        var greeting = Greeting(url: try RedisURL("redis://h"))
        #expect(greeting.judge(reply) == outcome)
    }

    @Test("a refused AUTH says the error's first word and never what the server repeats")
    func refusalsKeepSecrets() throws {
        var greeting = Greeting(url: try RedisURL("redis://ann:hunter2@h/1"))
        #expect(
            greeting.judge(.error("ERR unknown command 'AUTH', with args beginning with: 'hunter2'"))
                == .refused("AUTH was refused: ERR"))
        greeting = Greeting(url: try RedisURL("redis://ann:hunter2@h/1"))
        #expect(greeting.judge(.status("OK")) == .more)
        #expect(
            greeting.judge(.error("ERR DB index is out of range")) == .refused("SELECT 1 was refused: ERR"))
    }
}
