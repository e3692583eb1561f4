// The link against a real Redis that works: addresses, identity, databases, pipelining, bounds,
// metrics. Deadlines are long here, because a loaded machine is not under test.

import InMemoryLogging
import MetricsTestKit
import NIOCore
import Redis
import TestServers
import Testing

/// For tests of something other than deadlines.
func patient(_ settings: inout RedisSettings) {
    settings.connectDeadline = .seconds(10)
    settings.commandDeadline = .seconds(10)
}

@Suite("A link to a real Redis", .serialized, .timeLimit(.minutes(2)))
struct RedisLinkTests {
    @Test("it talks over TCP by name and address, over TLS by name and address, and over a Unix socket")
    func speaksEveryTransport() async throws {
        try await RedisServer.withServer(.init(tcp: true, tls: true)) { server in
            let urls = [
                server.url, "redis://localhost:\(server.port)", "redis://127.0.0.1:\(server.port)/1",
                "rediss://localhost:\(server.tlsPort)", "rediss://127.0.0.1:\(server.tlsPort)/2",
            ]
            for url in urls {
                try await LinkRig.withLink(url) { settings in
                    patient(&settings)
                    settings.trustRootsFile = server.certificateFile
                } _: { rig in
                    try await rig.untilReady()
                    #expect(try await rig.send("ECHO", url).reply == .bulk(ByteBuffer(string: url)))
                }
            }
        }
    }

    @Test("it does not talk to a server whose certificate it has no reason to trust")
    func distrusts() async throws {
        try await RedisServer.withServer(.init(tls: true)) { server in
            try await LinkRig.withLink("rediss://localhost:\(server.tlsPort)", settings: patient) { rig in
                try await eventually("the refusal is logged") { !rig.warnings.isEmpty }
                #expect(rig.warnings[0].contains("CERTIFICATE_VERIFY_FAILED"), "\(rig.warnings)")
                #expect(rig.readyCount == 0)
                #expect(try await rig.send("PING").isNotSent)
            }
        }
    }

    @Test("it says who it is, by password or ACL user, and selects its database")
    func authenticates() async throws {
        try await RedisServer.withServer(.init(config: ["user ann on >s@cret ~* +@all"])) { server in
            let url = "\(server.url)?user=ann&password=s%40cret&db=3"
            try await LinkRig.withLink(url, settings: patient) { rig in
                try await rig.untilReady()
                #expect(try await rig.send("ACL", "WHOAMI").reply == .bulk(ByteBuffer(string: "ann")))
                #expect(try await rig.send("SET", "k", "v").reply == .status("OK"))
            }
            #expect(try server.command("INFO", "keyspace").contains("db3:keys=1"))
        }
        try await RedisServer.withServer(.init(password: "hunter2")) { server in
            try await LinkRig.withLink("\(server.url)?password=hunter2", settings: patient) { rig in
                try await rig.untilReady()
                #expect(try await rig.send("PING").reply == .status("PONG"))
            }
        }
    }

    @Test("a wrong password is said once, never shown, and tried again until the server agrees")
    func retriesWrongPassword() async throws {
        try await RedisServer.withServer(.init(tcp: true, password: "right")) { server in
            let url = "redis://:hunter2@127.0.0.1:\(server.port)"
            try await LinkRig.withLink(url) { settings in
                patient(&settings)
                settings.backoff = Backoff(first: .milliseconds(1), longest: .milliseconds(2))
            } _: { rig in
                try await eventually("several attempts were refused") {
                    try server.statistic("total_connections_received") > 20
                }
                #expect(rig.warnings == ["AUTH was refused: WRONGPASS"])
                #expect(try await rig.send("PING").isNotSent)
                try server.command("CONFIG", "SET", "requirepass", "hunter2")
                try await rig.untilReady()
                #expect(try await rig.send("PING").reply == .status("PONG"))
                #expect(!"\(rig.log.entries)".contains("hunter2"))
            }
        }
    }

    @Test("a database that the server has not is a refusal")
    func refusesDatabase() async throws {
        try await RedisServer.withServer { server in
            try await LinkRig.withLink("\(server.url)?db=99", settings: patient) { rig in
                try await eventually("the refusal is logged") { !rig.warnings.isEmpty }
                #expect(rig.warnings == ["SELECT 99 was refused: ERR"])
                #expect(try await rig.send("PING").isNotSent)
            }
        }
    }

    @Test("10,000 commands in one tick get 10,000 replies, each its own, and one more is refused")
    func pipelines() async throws {
        try await RedisServer.withServer { server in
            try await LinkRig.withLink(server.url, settings: patient) { rig in
                try await rig.untilReady()
                let answers = try await rig.send((0...10_000).map { ["ECHO", String($0)] })
                for (index, answer) in answers.dropLast().enumerated() {
                    #expect(answer.reply == .bulk(ByteBuffer(string: String(index))))
                }
                #expect(answers.last?.isNotSent == true)
                #expect(try await rig.send("PING").reply == .status("PONG"))
            }
        }
    }

    @Test("what fills the channel and still fits the socket is sent once")
    func sendsOnce() async throws {
        try await RedisServer.withServer { server in
            try await LinkRig.withLink(server.url, settings: patient) { rig in
                try await rig.untilReady()
                // The channel says that it is full, then from within the same write that it is not.
                for kilobytes in [60, 70, 90, 120, 150] {
                    let piece = String(repeating: "x", count: 1_000)
                    let answers = try await rig.send(
                        Array(repeating: ["APPEND", "\(kilobytes)", piece], count: kilobytes))
                    #expect(answers.map(\.reply) == (1...kilobytes).map { .integer(1_000 * $0) })
                    let length = try await rig.send("STRLEN", "\(kilobytes)").reply
                    #expect(length == .integer(1_000 * kilobytes))
                }
            }
        }
    }

    @Test("the bound on commands in flight refuses the surplus, and holds no longer than the flight")
    func boundsInFlight() async throws {
        try await RedisServer.withServer { server in
            try await LinkRig.withLink(server.url) { settings in
                patient(&settings)
                settings.maximumInFlight = 10
            } _: { rig in
                try await rig.untilReady()
                for _ in 0..<3 {
                    let answers = try await rig.send(Array(repeating: ["INCR", "n"], count: 15))
                    #expect(answers.map(\.isNotSent) == (0..<15).map { $0 >= 10 })
                }
            }
            #expect(try server.command("GET", "n") == "30")
        }
    }

    @Test("errors, nulls, numbers and arrays are ordinary replies")
    func repliesAreValues() async throws {
        try await RedisServer.withServer { server in
            try await LinkRig.withLink(server.url, settings: patient) { rig in
                try await rig.untilReady()
                let answers = try await rig.send([
                    ["HSET", "h", "a", "1"], ["GET", "h"], ["GET", "none"], ["EVALSHA", "0", "0"],
                    ["EVAL", "return {1,'two',{3}}", "0"],
                ])
                #expect(answers[0].reply == .integer(1))
                #expect(
                    answers[1].reply
                        == .error("WRONGTYPE Operation against a key holding the wrong kind of value"))
                #expect(answers[2].reply == .null)
                // What follows the code differs between servers.
                if case .error(let text) = answers[3].reply {
                    #expect(text.hasPrefix("NOSCRIPT No matching script."))
                } else {
                    Issue.record("not an error: \(answers[3])")
                }
                #expect(
                    answers[4].reply
                        == .array([.integer(1), .bulk(ByteBuffer(string: "two")), .array([.integer(3)])]))
                #expect(rig.readyCount == 1)
            }
        }
    }

    @Test("what is sent when the link becomes ready goes before everything else, on every connection")
    func readyGoesFirst() async throws {
        try await RedisServer.withServer { server in
            try await LinkRig.withLink(server.url, first: [["RPUSH", "l", "first"]], settings: patient) {
                rig in
                for turn in 1...3 {
                    try await eventually("ready for the \(turn). time") { rig.readyCount == turn }
                    _ = try await rig.send("RPUSH", "l", "then")
                    try server.command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
                }
                try await eventually("ready again") { rig.readyCount == 4 }
            }
            let order = try server.command("LRANGE", "l", "0", "5").split(separator: "\n")
            #expect(order == ["first", "then", "first", "then", "first", "then"])
        }
    }

    @Test("a reply over the bound closes the link and is lost; the next connection is a good one")
    func boundsReplies() async throws {
        try await RedisServer.withServer { server in
            try await LinkRig.withLink(server.url) { settings in
                patient(&settings)
                settings.maximumReplyBytes = 100_000
            } _: { rig in
                try await rig.untilReady()
                #expect(try await rig.send("SETRANGE", "big", "89999", "x").reply == .integer(90_000))
                guard case .bulk(let bytes) = try await rig.send("GET", "big").reply else {
                    Issue.record("no bulk reply")
                    return
                }
                #expect(bytes.readableBytes == 90_000)
                _ = try await rig.send("SETRANGE", "big", "109999", "x")
                #expect(try await rig.send("GET", "big").isLost)
                try await eventually("ready again") { rig.readyCount == 2 }
                #expect(try await rig.send("STRLEN", "big").reply == .integer(110_000))
            }
        }
    }

    @Test("flush sends at once, and call is a future")
    func flushes() async throws {
        try await RedisServer.withServer { server in
            try await LinkRig.withLink(server.url, settings: patient) { rig in
                try await rig.untilReady()
                let future = try await rig.onLoop { link in
                    let first = link.call(["INCR", "n"])
                    link.flush()
                    return first.and(link.call(["INCR", "n"]))
                }
                #expect(try await future.get() == (.integer(1), .integer(2)))
            }
        }
    }

    @Test("the metrics count connections and disconnections, and show what is in flight")
    func measures() async throws {
        try await RedisServer.withServer { server in
            try await LinkRig.withLink(server.url, settings: patient) { rig in
                try await rig.untilReady()
                _ = try await rig.send([["PING"], ["PING"], ["PING"]])
                let meter = try rig.metrics.expectMeter("stint_redis_in_flight", [("role", "single")])
                try await eventually("nothing is in flight") { meter.values.last == 0 }
                #expect(meter.values.first == 3)
                try server.command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
                try await eventually("ready again") { rig.readyCount == 2 }
                #expect(rig.metrics.counterTotal(label: "stint_redis_connections_total") == 2)
                #expect(rig.metrics.counterTotal(label: "stint_redis_disconnections_total") == 1)
            }
        }
    }

    @Test("closing answers everyone, ends the connection, and is for good")
    func closes() async throws {
        try await RedisServer.withServer { server in
            try await LinkRig.withLink(server.url, settings: patient) { rig in
                try await rig.untilReady()
                let blocked = try await rig.ask([["BLPOP", "none", "0"], ["PING"]])
                try await eventually("the server has them") {
                    try server.command("INFO", "clients").contains("blocked_clients:1")
                }
                try await rig.close()
                for caller in blocked { #expect(try await caller.answer().isLost) }
                #expect(try await rig.send("PING").isNotSent)
                try await eventually("the server sees nobody") {
                    try server.command("CLIENT", "LIST").split(separator: "\n").count == 1
                }
                try await rig.onLoop { $0.start() }
                #expect(try await rig.send("PING").isNotSent)
            }
        }
    }
}

extension LinkRig {
    func untilReady() async throws {
        try await eventually("the link is ready") { try await self.onLoop { $0.isReady } }
    }
}

extension RedisServer {
    /// One number of `INFO stats`.
    func statistic(_ name: String) throws -> Int {
        let lines = try command("INFO", "stats").split(whereSeparator: \.isNewline)
        let line = lines.first { $0.hasPrefix("\(name):") }
        return try #require(line.flatMap { Int($0.dropFirst(name.count + 1)) })
    }
}
