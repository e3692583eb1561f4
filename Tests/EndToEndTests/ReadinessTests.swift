// A Redis that answers but refuses: runners, /readyz and the log (once) get its message; nothing is
// charged; and Stint recovers when the fault ends.

import Foundation
import StintClient
import TestServers
import Testing
import WireFormat

extension EndToEnd {
    @Suite("Readiness")
    struct ReadinessTests {
        struct Cause: Sendable, CustomTestStringConvertible {
            let testDescription: String
            /// What stands in every answer about it.
            let reply: String
            /// The code that it is counted under.
            var code = "NOPERM"
            let begin: [[String]]
            let end: [[String]]
        }

        static let causes = [
            Cause(
                testDescription: "maxmemory is reached", reply: "OOM command not allowed", code: "OOM",
                begin: [["CONFIG", "SET", "maxmemory", "1"]], end: [["CONFIG", "SET", "maxmemory", "0"]]),
            Cause(
                testDescription: "it is a replica without a master", reply: "MASTERDOWN",
                code: "MASTERDOWN",
                begin: [
                    ["CONFIG", "SET", "replica-serve-stale-data", "no"], ["REPLICAOF", "127.0.0.1", "1"],
                ], end: [["REPLICAOF", "NO", "ONE"]]),
            Cause(
                testDescription: "too few replicas", reply: "NOREPLICAS Not enough good replicas",
                code: "NOREPLICAS", begin: [["CONFIG", "SET", "min-replicas-to-write", "1"]],
                end: [["CONFIG", "SET", "min-replicas-to-write", "0"]]),
            right("scripting", "-@scripting", "+@scripting"), right("HSET", "-hset", "+hset"),
            right("PEXPIRE", "-pexpire", "+pexpire"), right("HMGET", "-hmget", "+hmget"),
            Cause(
                testDescription: "its user has another key pattern", reply: "NOPERM",
                begin: [["ACL", "SETUSER", "stint", "resetkeys", "~other:*"]],
                end: [["ACL", "SETUSER", "stint", "resetkeys", "~stint:*"]]),
        ]

        private static func right(_ name: String, _ off: String, _ on: String) -> Cause {
            Cause(
                testDescription: "its user lacks \(name)", reply: "NOPERM",
                begin: [["ACL", "SETUSER", "stint", off]], end: [["ACL", "SETUSER", "stint", on]])
        }

        private static let user = "user stint on >secret ~stint:* +@all"

        private static func withStint(_ body: (RedisServer, Stint) async throws -> Void) async throws {
            try await RedisServer.withServer(.init(config: [user])) { redis in
                let url = "unix://\(redis.socketPath)?user=stint&password=secret"
                try await Stint.serving(["--redis-url", url]) { stint, _ in
                    try await eventually("stint is ready") { try await stint.admin("/readyz").status == 200 }
                    try await body(redis, stint)
                }
            }
        }

        private static func run(_ redis: RedisServer, _ commands: [[String]]) throws {
            var connection = try BlockingConnection(socketPath: redis.socketPath)
            for command in commands { _ = try connection.command(command) }
        }

        @Test(
            "What Redis refuses is not applied, and said: to the runner, at /readyz, and once in the log",
            arguments: causes)
        func refused(_ cause: Cause) async throws {
            try await Self.withStint { redis, stint in
                #expect(try await stint.client.admit(AdmitBody(id: "first"), account: "acme").status == 201)
                try Self.run(redis, cause.begin)
                for number in 0..<5 {
                    let body = AdmitBody(id: "r-\(number)")
                    let reply = try await stint.client.admit(body, account: "new-\(number)")
                    #expect(reply.status == 503)
                    let detail = try reply.problem.detail
                    #expect(
                        detail.contains("nothing was applied (Redis refuses: \(cause.reply)"), "\(detail)")
                }
                var body = ""
                try await eventually("/readyz says so") {
                    let ready = try await stint.admin("/readyz")
                    body = ready.body
                    return ready.status == 503 && body.contains(cause.reply)
                }
                try await eventually("the log says so") {
                    stint.log.contains("Redis refuses: nothing can be charged")
                }
                let metrics = try await MetricsPage(stint.admin("/metrics").body)
                #expect(metrics.value("stint_ledger_refusals_total", ["code": cause.code]) == 5)

                try Self.run(redis, cause.end)
                #expect(try redis.command("KEYS", "stint:{new*").isEmpty)
                try await eventually("it is ready again", within: Workplace.timeout) {
                    try await stint.admin("/readyz").status == 200
                }
                #expect(try await stint.client.admit(AdmitBody(id: "r-0"), account: "new-0").status == 201)
                try await eventually("the log says that it is over", within: Workplace.timeout) {
                    stint.log.contains("Redis accepts writes again")
                }
                let reported = stint.log.split(separator: "\n").filter {
                    $0.contains("nothing can be charged")
                }
                // A missing right is told as a runner meets it, and as the probe does, which knows
                // what to type.
                #expect((1...(cause.code == "NOPERM" ? 2 : 1)).contains(reported.count), "\(reported)")
                report("\(cause.testDescription): /readyz \(body)")
            }
        }

        /// As behind the address of a managed Redis, whose failover leaves connections open.
        @Test(
            "A primary that becomes a replica: its connections are given up, and the reason is the URL to type"
        )
        func demoted() async throws {
            try await Self.withStint { redis, stint in
                try Self.run(redis, [["REPLICAOF", "127.0.0.1", "1"]])
                let first = try await stint.client.admit(AdmitBody(id: "first"), account: "acme")
                #expect(try first.problem.detail.contains("nothing was applied (Redis refuses: READONLY"))
                let reason = "it is a replica of 127.0.0.1:1. Type: --redis-url redis://127.0.0.1:1/"
                try await eventually("runners hear why") {
                    try await stint.client.admit(AdmitBody(id: "first"), account: "acme").problem.detail
                        .contains("nothing was applied (\(reason)")
                }
                try await eventually("/readyz says so") {
                    try await stint.admin("/readyz").body.contains(reason)
                }
                try await eventually("the log says so") { stint.log.contains(reason) }
                try Self.run(redis, [["REPLICAOF", "NO", "ONE"]])
                try await eventually("it is ready again", within: Workplace.timeout) {
                    try await stint.admin("/readyz").status == 200
                }
                #expect(try await stint.client.admit(AdmitBody(id: "first"), account: "acme").status == 201)
            }
        }

        @Test("A snapshot that cannot be written stops Redis' writes, which is MISCONF everywhere")
        func misconfigured() async throws {
            try await Self.withStint { redis, stint in
                let home = try redis.command("CONFIG", "GET", "dir").split(separator: "\n")[1]
                try FileManager.default.createDirectory(
                    atPath: "\(home)/dump.rdb/in-the-way", withIntermediateDirectories: true)
                try Self.run(redis, [["CONFIG", "SET", "save", "3600 1000000"], ["BGSAVE"]])
                try await eventually("the snapshot fails") {
                    try redis.command("INFO", "persistence").contains("rdb_last_bgsave_status:err")
                }
                let reply = try await stint.client.admit(account: "acme")
                #expect(reply.status == 503)
                #expect(try reply.problem.detail.contains("Redis refuses: MISCONF"))
                try await eventually("/readyz says so") {
                    try await stint.admin("/readyz").body.contains("MISCONF")
                }
            }
        }

        @Test("Another password is a refusal that is said, too")
        func password() async throws {
            try await Self.withStint { redis, stint in
                try Self.run(
                    redis,
                    [
                        ["ACL", "SETUSER", "stint", "resetpass", ">other"],
                        ["CLIENT", "KILL", "USER", "stint"],
                    ])
                try await eventually("/readyz says so") {
                    let ready = try await stint.admin("/readyz")
                    return ready.status == 503 && ready.body.contains("WRONGPASS")
                }
                let reply = try await stint.client.admit(account: "acme")
                #expect(try reply.problem.detail.contains("WRONGPASS"))
            }
        }

        @Test("Without XADD decisions go on, and the loss of rows is said and counted")
        func withoutLog() async throws {
            try await Self.withStint { redis, stint in
                try Self.run(
                    redis, [["ACL", "SETUSER", "stint", "-xadd"], ["CLIENT", "KILL", "USER", "stint"]])
                try await eventually("the log names the right", within: Workplace.timeout) {
                    stint.log.contains("ACL SETUSER stint +xadd")
                }
                try await eventually("it is ready", within: Workplace.timeout) {
                    try await stint.admin("/readyz").status == 200
                }
                for number in 0..<3 {
                    let id = "r-\(number)"
                    let body = AdmitBody(id: id, function: "resize")
                    #expect(try await stint.client.admit(body, account: "acme").status == 201)
                    let settled = try await stint.client.settle(
                        id, SettleBody(durationMs: 5), account: "acme")
                    #expect(settled.status == 200)
                }
                let metrics = try await MetricsPage(stint.admin("/metrics").body)
                #expect(metrics.value("stint_log_rows_lost_total", [:]) == 3)
                #expect(stint.log.contains("rows of the execution log are lost"))
                #expect(try redis.command("EXISTS", "stint:{acme}:log") == "0")
            }
        }
    }
}
