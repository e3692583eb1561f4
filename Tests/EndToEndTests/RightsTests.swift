// The rights that docs/OPERATIONS.md requires for the Redis user: with exactly those all of Stint
// works, and Redis denies nothing.

import Checkout
import Foundation
import StintClient
import TestServers
import Testing
import WireFormat

extension EndToEnd {
    @Suite("Rights of the Redis user")
    struct RightsTests {
        /// The commands of the document, in its order.
        enum Right: Int, CaseIterable {
            case server, cluster, acknowledging, sentinel
        }

        /// A command as it stands in the document, in words.
        static func documented(_ right: Right = .server) throws -> [String] {
            let text = try Checkout.text(of: "docs/OPERATIONS.md")
            let found = text.matches(of: /\n```\n(ACL SETUSER stint [^`]+)\n```/)
            try #require(found.count == Right.allCases.count)
            return found[right.rawValue].output.1.split { $0.isWhitespace || $0 == "\\" }.map(String.init)
        }

        private static func grant(_ rights: [Right], on servers: [RedisServer]) throws {
            for server in servers {
                for right in rights { #expect(try server.command(documented(right)) == "OK") }
                try server.command("ACL", "LOG", "RESET")
            }
        }

        private static func expectNothingDenied(_ stint: Stint, on servers: [RedisServer]) throws {
            #expect(!stint.log.contains("ACL SETUSER"), "\(stint.log)")
            #expect(!stint.log.contains("NOPERM"), "\(stint.log)")
            for server in servers where server.isGoingOn {
                let denied = try server.command("ACL", "LOG")
                #expect(denied.isEmpty, "\(denied)")
            }
        }

        private static func untilReady(_ stint: Stint) async throws {
            try await eventually("stint is ready", within: Workplace.timeout) {
                try await stint.admin("/readyz").status == 200
            }
        }

        @Test(
            "With the documented rights plans, decisions, log, rollups and resources work, and nothing is denied"
        )
        func suffice() async throws {
            try await RedisServer.withServer { redis in
                var connection = try BlockingConnection(socketPath: redis.socketPath)
                #expect(try connection.command(Self.documented()) == "OK")
                let url = "unix://\(redis.socketPath)?user=stint&password=PASSWORD"
                try await Stint.serving(["--redis-url", url, "--execution-log-maximum-rows", "100"]) {
                    stint, place in
                    try await eventually("stint is ready") { try await stint.admin("/readyz").status == 200 }
                    try await Self.useAll(of: stint, place)
                    try Self.expectNothingDenied(stint, on: [redis])
                }
            }
        }

        @Test("They suffice on a cluster too, while a slot moves and a replica becomes primary")
        func sufficeOnCluster() async throws {
            try await RedisCluster.withCluster(.init(replicas: 1)) { cluster in
                try Self.grant([.server, .cluster, .acknowledging], on: cluster.nodes)
                let url = "redis+cluster://stint:PASSWORD@127.0.0.1:\(cluster.port(of: 1))/"
                let settings = ["--redis-acknowledging-replicas", "1", "--execution-log-maximum-rows", "100"]
                try await Stint.serving(["--redis-url", url] + settings) { stint, place in
                    try await Self.untilReady(stint)
                    try await Self.useAll(of: stint, place)
                    let slot = try cluster.slot(of: "stint:{acme}")
                    let source = try cluster.primary(ofSlot: slot)
                    let move = try cluster.moveSlot(slot, to: (source + 1) % 3)
                    try move.open()
                    // Its ledger has gone to the destination already, so the source answers ASK.
                    try move.migrateKeys()
                    #expect(try await stint.client.admit(account: "acme").status == 201)
                    try await move.close()
                    #expect(try await stint.client.admit(account: "acme").status == 201)
                    try await cluster.failover(to: 3)
                    try await eventually("it admits again", within: Workplace.timeout) {
                        try await stint.client.admit(account: "acme").status == 201
                    }
                    try await Self.untilReady(stint)
                    let page = try await MetricsPage(stint.admin("/metrics").body)
                    for code in ["ASK", "MOVED"] {
                        let count = page.value("stint_redis_redirections_total", ["code": code])
                        #expect(try #require(count) >= 1, "\(code)")
                    }
                    try Self.expectNothingDenied(stint, on: cluster.nodes)
                }
            }
        }

        @Test("They suffice with sentinels too, through a failover; so do those of a user of sentinels")
        func sufficeWithSentinels() async throws {
            try await RedisSentinels.withSentinels(.init()) { rig in
                try Self.grant([.server, .acknowledging], on: rig.nodes)
                try Self.grant([.sentinel], on: rig.sentinels)
                try await Workplace.open { place in
                    let hosts = rig.sentinelPorts.map { "127.0.0.1:\($0)" }.joined(separator: ",")
                    let stint = try await place.start([
                        "--redis-url", "redis+sentinel://stint:PASSWORD@\(hosts)/\(RedisSentinels.name)",
                        "--redis-sentinel-user", "stint", "--redis-sentinel-password-file",
                        try place.write("PASSWORD", to: "secret"), "--redis-acknowledging-replicas", "1",
                        "--execution-log-maximum-rows", "100",
                    ])
                    try await Self.untilReady(stint)
                    try await Self.useAll(of: stint, place)
                    try await rig.failover()
                    try await eventually("it admits again", within: Workplace.timeout) {
                        try await stint.client.admit(account: "acme").status == 201
                    }
                    try await Self.untilReady(stint)
                    try Self.expectNothingDenied(stint, on: rig.nodes + rig.sentinels)
                }
            }
        }

        private static func useAll(of stint: Stint, _ place: Workplace) async throws {
            let url = "http://127.0.0.1:\(stint.adminPort)"
            for number in 0..<5 {
                let id = "r-\(number)"
                let ask = AdmitBody(id: id, function: "resize", maxDurationMs: 10)
                #expect(try await stint.client.admit(ask, account: "acme").status == 201)
                guard number > 0 else { continue }
                let settled = try await stint.client.settle(id, SettleBody(durationMs: 5), account: "acme")
                #expect(settled.status == 200)
            }
            let plan = try place.write(
                #"{"name":"pro","limits":[{"name":"executions","meter":"executions","amount":9,"windowMs":60000}]}"#,
                to: "pro.json")
            let commands = [
                ["plan", "put", plan], ["plan", "list"], ["plan", "show", "pro"],
                ["plan", "default", "serverless"],
                ["account", "set-plan", "acme", "--plan", "pro", "--for", "1d"], ["account", "show", "acme"],
                ["account", "log", "acme"], ["account", "set-plan", "acme", "--remove"],
                ["plan", "delete", "pro"],
                ["resources", "add", "acme", "secrets", "key", "--metadata", "{}"],
                ["resources", "list", "acme", "secrets"], ["resources", "list", "acme"],
                ["resources", "remove", "acme", "secrets", "key"], ["account", "forget", "acme"],
            ]
            for command in commands {
                let (ending, output) = try await place.run(command + ["--admin", url])
                #expect(ending == .exited(0), "\(command): \(output)")
            }
            try await eventually("the rollups are written", within: Workplace.timeout) {
                let reported = try await stint.admin("/v1/accounts/acme/usage").body
                let ranked = try await stint.admin("/v1/accounts").body
                return reported.contains("executions") && ranked.contains("acme")
            }
            let paths = [
                "/", "/accounts/acme", "/v1/audit", "/v1/accounts/acme/usage?step=hour",
                "/v1/accounts/acme/executions",
                "/v1/accounts?sort=denials",
            ]
            for path in paths { #expect(try await stint.admin(path).status == 200, "\(path)") }
        }
    }
}
