// The link against a real Redis that is killed, stopped, not started yet, or closes its
// connections. Deadlines are the defaults. Each caller must be answered once and in time, and the
// link must reconnect by itself.

import Glibc
import MetricsTestKit
import NIOCore
import Redis
import TestServers
import Testing

/// What a loaded machine may add to a deadline.
let slack = Duration.seconds(2)

extension LinkRig {
    /// Sends PING until it is answered: the link works (again).
    func untilAnswered() async throws {
        try await eventually("a command is answered") { try await self.send("PING").reply == .status("PONG") }
    }
}

@Suite("A link to a Redis in trouble", .serialized, .timeLimit(.minutes(2)))
struct RedisFaultTests {
    @Test("kill -9 under load: every caller hears at once, and the link is back when the server is")
    func survivesKill() async throws {
        try await RedisServer.withServer(.init(config: ["appendonly yes"])) { server in
            try await LinkRig.withLink(server.url) { rig in
                for _ in 0..<3 {
                    try await rig.untilAnswered()
                    let blocked = try await rig.ask(
                        [["BLPOP", "none", "0"]] + Array(repeating: ["INCR", "n"], count: 50))
                    server.kill(SIGKILL)
                    for caller in blocked {
                        let answer = try await caller.answer()
                        #expect(answer.isLost && answer.after < .milliseconds(250) + slack)
                    }
                    try await eventually("callers are refused") { try await rig.send("PING").isNotSent }
                    try await server.restart()
                }
                let begin = ContinuousClock.now
                try await rig.untilAnswered()
                #expect(ContinuousClock.now - begin < .milliseconds(500) + slack)
            }
        }
    }

    @Test("a stopped server costs one deadline, then callers are refused at once, until it goes on")
    func survivesStop() async throws {
        try await RedisServer.withServer { server in
            try await LinkRig.withLink(server.url) { rig in
                for _ in 0..<3 {
                    try await rig.untilAnswered()
                    server.kill(SIGSTOP)
                    let answers = try await rig.send(Array(repeating: ["INCR", "n"], count: 50))
                    #expect(answers[0].after >= .milliseconds(250))
                    for answer in answers {
                        #expect(answer.isLost && answer.after < .milliseconds(250) + slack, "\(answer)")
                    }
                    for _ in 0..<20 {
                        // The sink is told from inside `send`: there is nothing to wait for.
                        let answer = try await rig.ask([["PING"]])[0]
                        #expect(answer.timesHeard == 1)
                        #expect(try await answer.answer().isNotSent)
                    }
                    server.kill(SIGCONT)
                }
                try await rig.untilAnswered()
            }
        }
    }

    @Test("a server that stops for a moment keeps its connection: what was lost has run, each command once")
    func outlivesPause() async throws {
        try await RedisServer.withServer { server in
            try await LinkRig.withLink(server.url) { settings in
                // However long this test stands still itself.
                settings.silenceLimit = .seconds(60)
            } _: { rig in
                try await rig.untilAnswered()
                for round in 1...3 {
                    server.kill(SIGSTOP)
                    let answers = try await rig.send(Array(repeating: ["INCR", "n"], count: 50))
                    #expect(answers.allSatisfy { $0.isLost }, "\(answers)")
                    #expect(try await rig.send("INCR", "n").isNotSent)
                    server.kill(SIGCONT)
                    try await rig.untilAnswered()
                    #expect(try server.command("GET", "n") == "\(50 * round)")
                }
                #expect(rig.metrics.counterTotal(label: "stint_redis_connections_total") == 1)
            }
        }
    }

    @Test("what a full socket did not take was not sent")
    func tellsLostFromNotSent() async throws {
        try await RedisServer.withServer { server in
            try await LinkRig.withLink(server.url) { settings in
                settings.commandDeadline = .milliseconds(500)
            } _: { rig in
                try await rig.untilAnswered()
                server.kill(SIGSTOP)
                var callers: [Caller] = []
                let value = String(repeating: "x", count: 100_000)
                for index in 0..<40 { callers += try await rig.ask([["SET", "k\(index)", value]]) }
                let answers = try await callers.asyncMap { try await $0.answer() }
                #expect(answers.first?.isLost == true && answers.last?.isNotSent == true)
                let lost = answers.prefix { $0.isLost }
                #expect(answers.dropFirst(lost.count).allSatisfy { $0.isNotSent })
                server.kill(SIGCONT)
                try await rig.untilAnswered()
                try await eventually("the server has read what the socket took") {
                    try server.command("CLIENT", "LIST").split(separator: "\n").count == 2
                }
                // What was said to be not sent has not run.
                #expect(try #require(Int(try server.command("DBSIZE"))) <= lost.count)
            }
        }
    }

    @Test("a client that is thrown out comes back", arguments: ["idle", "waiting"])
    func survivesClientKill(_ how: String) async throws {
        try await RedisServer.withServer { server in
            try await LinkRig.withLink(server.url) { settings in
                settings.commandDeadline = .seconds(10)
            } _: { rig in
                try await rig.untilAnswered()
                let waiting = how == "waiting" ? try await rig.ask([["BLPOP", "none", "0"], ["PING"]]) : []
                if how == "waiting" {
                    try await eventually("the server has them") {
                        try server.command("INFO", "clients").contains("blocked_clients:1")
                    }
                }
                try server.command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
                for caller in waiting { #expect(try await caller.answer().isLost) }
                try await eventually("ready again") { rig.readyCount == 2 }
                try await rig.untilAnswered()
            }
        }
    }

    @Test("a server that is not there yet is refused callers and one warning, and used when it comes")
    func waitsForServer() async throws {
        try await RedisServer.withServer(.init(tcp: true)) { server in
            server.kill(SIGKILL)
            for url in [server.url, "redis://localhost:\(server.port)", "redis://127.0.0.1:\(server.port)"] {
                try await LinkRig.withLink(url, settings: unhurried) { rig in
                    try await eventually("the refusal is logged") { !rig.warnings.isEmpty }
                    for _ in 0..<20 { #expect(try await rig.send("PING").isNotSent) }
                    #expect(rig.warnings[0].contains("Connection refused"), "\(rig.warnings)")
                    try await server.restart()
                    try await rig.untilAnswered()
                    server.kill(SIGKILL)
                }
            }
        }
    }

    @Test("a host that does not exist is a refusal, not a hang")
    func survivesUnknownHost() async throws {
        try await LinkRig.withLink("redis://no-such-host.invalid") { rig in
            try await eventually("the refusal is logged") { !rig.warnings.isEmpty }
            #expect(try await rig.send("PING").isNotSent)
        }
    }
}

extension Sequence {
    fileprivate func asyncMap<Value>(_ transform: (Element) async throws -> Value) async throws -> [Value] {
        var values: [Value] = []
        for element in self { values.append(try await transform(element)) }
        return values
    }
}
