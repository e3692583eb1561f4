// The link against servers that lie, delay or fall silent. In every case each caller is answered
// exactly once and within its deadline, nothing crashes, and the next, working connection is used.
// Tests of deadlines run in virtual time.

import NIOCore
import Redis
import TestServers
import Testing

/// PING is answered: the link is ready after this.
private let welcome: [ScriptedServer.Step] = [.receive(1), .send("+PONG\r\n")]
/// Time enough to connect that a loaded machine does not skip the first script.
func unhurried(_ settings: inout RedisSettings) { settings.connectDeadline = .seconds(10) }

/// A server that answers every command.
private let good: [ScriptedServer.Step] = welcome + [.answerAll(with: ":1\r\n")]

@Suite("A link to a bad server", .serialized, .timeLimit(.minutes(2)))
struct BadServerTests {
    struct Row: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let script: [ScriptedServer.Step]

        init(_ description: String, _ script: [ScriptedServer.Step]) {
            testDescription = description
            self.script = script
        }
    }

    @Test(
        "before the greeting is over: callers are refused at once, and the next connection is used",
        arguments: [
            Row("silence", []),
            Row("closes at once", [.close]),
            Row("closes after the greeting's command", [.receive(1), .close]),
            Row("garbage", [.send("SSH-2.0-OpenSSH_9.2\r\n")]),
            Row("zero bytes", [.send("\0\0\0\0\0\0\0\0")]),
            Row("half an answer, then silence", [.receive(1), .send("+PO")]),
            Row("half an answer, then the end", [.receive(1), .send("+PO"), .close]),
            Row("a trickle", [.receive(1), .trickle("+PONGPONGPONGPONGPONG", every: .milliseconds(20))]),
            Row("an answer too late", [.receive(1), .pause(.seconds(5)), .send("+PONG\r\n")]),
            Row("a demand for a password", [.receive(1), .send("-NOAUTH Authentication required.\r\n")]),
            Row("protected mode", [.send("-DENIED Redis is running in protected mode\r\n"), .close]),
            Row("too many clients", [.send("-ERR max number of clients reached\r\n"), .close]),
            Row("a wrong type", [.receive(1), .send("*1\r\n+PONG\r\n")]),
            Row("two answers", [.receive(1), .send("+PONG\r\n+PONG\r\n")]),
        ])
    func badGreeting(_ row: Row) throws {
        let rig = try EmbeddedLink()
        #expect(rig.ask("GET k")[0].isNotSent)
        try rig.play(row.script)
        #expect(rig.ask("GET k")[0].isNotSent)
        try rig.untilNextConnection()
        try rig.reply("+PONG\r\n")
        let asker = rig.ask("GET k")[0]
        try rig.reply(":1\r\n")
        #expect(asker.result == .success(.integer(1)))
    }

    @Test(
        "instead of a reply: all callers lose theirs in time, and the next connection is used",
        arguments: [
            Row("silence", []),
            Row("the end", [.close]),
            Row("garbage", [.send("HTTP/1.1 400 Bad Request\r\n\r\n"), .close]),
            Row("zero bytes", [.send("\0\0\0\0")]),
            Row("half a number", [.send(":1")]),
            Row("half a number, then the end", [.send(":1"), .close]),
            Row("half a string", [.send("$10\r\nabc")]),
            Row("half a string, then the end", [.send("$10\r\nabc"), .close]),
            Row("half an array", [.send("*3\r\n:1\r\n:2\r\n")]),
            Row(
                "an endless array",
                [
                    .send("*2147483647\r\n"),
                    .trickle(String(repeating: ":1\r\n", count: 50), every: .milliseconds(5)),
                ]),
            Row("a string as long as memory", [.send("$9223372036854775807\r\n")]),
            Row(
                "a trickle without end",
                [.trickle("+" + String(repeating: "x", count: 500), every: .milliseconds(10))]),
            Row("a negative length", [.send("$-5\r\n")]),
            Row("no length", [.send("$\r\n")]),
            Row("no number", [.send(":abc\r\n")]),
            Row("a number beyond 64 bits", [.send(":99999999999999999999\r\n")]),
            Row("deep nesting", [.send(String(repeating: "*1\r\n", count: 100))]),
            Row("RESP3", [.send("_\r\n")]),
            Row("a push", [.send(">2\r\n+message\r\n+hi\r\n")]),
            Row("a line without end", [.send("+" + String(repeating: "x", count: 2 << 20))]),
            Row(
                "a string over the bound",
                [.send("$2000000\r\n" + String(repeating: "x", count: 2_000_000) + "\r\n")]),
            Row("a reply too late", [.pause(.seconds(5)), .answerAll(with: ":1\r\n")]),
        ])
    func badReply(_ row: Row) throws {
        let rig = try EmbeddedLink.ready()
        let askers = (0..<20).map { _ in rig.ask("INCR k")[0] }
        try rig.play(row.script)
        rig.advance(ms: 76)
        for asker in askers {
            #expect(asker.isLost && asker.answeredAtMs ?? .max <= 76, "\(asker.results)")
        }
        try rig.untilNextConnection()
        try rig.reply("+PONG\r\n")
        let asker = rig.ask("GET k")[0]
        try rig.reply(":1\r\n")
        #expect(asker.result == .success(.integer(1)))
    }

    @Test("replies that came before the fault count; those that did not come are lost")
    func keepsGoodReplies() async throws {
        let script = welcome + [.receive(3), .send(":1\r\n:2\r\n!oops\r\n:3\r\n")]
        try await ScriptedServer.withServer(script, good) { server in
            try await LinkRig.withLink(server.url, settings: patient) { rig in
                try await rig.untilReady()
                let answers = try await rig.send(Array(repeating: ["INCR", "k"], count: 3))
                #expect(answers.map(\.reply) == [.integer(1), .integer(2), nil])
                #expect(answers[2].isLost)
            }
        }
    }

    @Test("a reply that nobody asked for ends the connection, idle or busy", arguments: ["", ":1\r\n"])
    func refusesUnsolicited(_ before: String) async throws {
        let script = welcome + (before.isEmpty ? [] : [.receive(1)]) + [.send(before + "+HELLO\r\n")]
        try await ScriptedServer.withServer(script, good) { server in
            try await LinkRig.withLink(server.url, settings: patient) { rig in
                if !before.isEmpty {
                    try await rig.untilReady()
                    #expect(try await rig.send("INCR", "k").reply == .integer(1))
                }
                try await eventually("the link has left") { server.connectionCount >= 2 }
                #expect(rig.warnings.contains("the server sent a reply without a command"))
                try await rig.untilAnswered(.integer(1))
            }
        }
    }

    @Test("good replies byte by byte are good replies")
    func acceptsTrickle() async throws {
        let script = welcome + [.receive(2), .trickle("$3\r\nabc\r\n*1\r\n:7\r\n", every: .milliseconds(1))]
        try await ScriptedServer.withServer(script) { server in
            try await LinkRig.withLink(server.url, settings: patient) { rig in
                try await rig.untilReady()
                let answers = try await rig.send([["GET", "a"], ["GET", "b"]])
                #expect(answers.map(\.reply) == [.bulk(ByteBuffer(string: "abc")), .array([.integer(7)])])
            }
        }
    }

    @Test("a caller who asks again from inside its failure is refused, not heard twice")
    func survivesEagerCallers() async throws {
        try await ScriptedServer.withServer(welcome + [.receive(1), .close], good) { server in
            try await LinkRig.withLink(server.url, settings: patient) { rig in
                try await rig.untilReady()
                let outcome = try await rig.onLoop { link in
                    let promise = link.eventLoop.makePromise(of: [RedisFailure].self)
                    let caller = EagerCaller(link: link, promise: promise)
                    link.send(argumentCount: 1, to: caller) { $0.append("PING") }
                    return promise.futureResult
                }
                let failures = try await outcome.get()
                let reason = "the server closed the connection"
                #expect(failures == [.lost(reason), .notSent(reason)])
                try await rig.untilAnswered(.integer(1))
            }
        }
    }
}

/// Asks once more as soon as it fails.
private final class EagerCaller: ReplySink {
    private let link: RedisLink
    private let promise: EventLoopPromise<[RedisFailure]>
    private var failures: [RedisFailure] = []

    init(link: RedisLink, promise: EventLoopPromise<[RedisFailure]>) {
        self.link = link
        self.promise = promise
    }

    func receive(_ reply: Result<RedisReply, RedisFailure>) {
        guard case .failure(let failure) = reply else { return promise.succeed([]) }
        failures.append(failure)
        guard failures.count == 1 else { return promise.succeed(failures) }
        link.send(argumentCount: 1, to: self) { $0.append("PING") }
    }
}

extension LinkRig {
    fileprivate func untilAnswered(_ reply: RedisReply) async throws {
        try await eventually("a command is answered") { try await self.send("GET", "k").reply == reply }
    }
}
