// All of Stint over TLS to a cluster that announces host names, and to a primary that sentinels
// name: with certificates, a password, a failover, and what the metrics say of the servers.

import AdminClient
import Glibc
import StintClient
import TestServers
import Testing
import WireFormat

extension EndToEnd {
    @Suite("TLS to Redis")
    struct RedisTLSTests {
        @Test("On a cluster with host names Stint admits, settles, and reads and changes plans")
        func cluster() async throws {
            let options = RedisCluster.Options(replicas: 1).with {
                $0.tls = true
                $0.announcesHostname = true
                $0.password = "secret"
            }
            try await RedisCluster.withCluster(options) { cluster in
                try await Self.untilReplicasAreMapped(cluster)
                // Not node 0, which is killed below.
                let hosts = (1...2).map { "localhost:\(cluster.port(of: $0))" }.joined(separator: ",")
                let url = "rediss+cluster://:secret@\(hosts)/"
                try await Self.serving(url, trusting: cluster.certificateFile) { stint, place in
                    let accounts = (0..<12).map { "a\($0)" }
                    for account in accounts { try await Self.use(account, at: stint) }
                    try await Self.changePlan(to: 1_000, at: stint, place, account: "a0")
                    let sizes = try (0..<3).map { try cluster.command("DBSIZE", on: $0) }
                    #expect(!sizes.contains("0"), "\(sizes)")
                    try await Self.expect(stint, "stint_redis_nodes", ["role": "primary"], is: 3)
                    try await Self.expect(stint, "stint_redis_nodes", ["role": "replica"], is: 3)
                    try await Self.expect(stint, "stint_redis_slots_missing", [:], is: 0)
                    try await Self.expect(stint, "stint_redis_failovers_total", [:], is: 0)
                    let links = try await Self.value(stint, "stint_redis_connections", ["role": "primary"])
                    #expect(links == 9, "two event loops and the control plane, three nodes each")

                    cluster.nodes[0].kill(SIGKILL)
                    try await cluster.untilReplaced(0, slot: 0)
                    try await eventually("all accounts are served again", within: Workplace.timeout) {
                        for account in accounts {
                            guard try await stint.client.peek(account: account).status == 200 else {
                                return false
                            }
                        }
                        return true
                    }
                    try await Self.expect(stint, "stint_redis_failovers_total", [:], is: 1)
                    try await Self.changePlan(to: 2_000, at: stint, place, account: "a0")

                    let doctor = try await Self.doctor(place, url, trusting: cluster.certificateFile)
                    #expect(doctor.ending == .exited(0), "\(doctor.output)")
                    let distrusting = try await Self.doctor(place, url, trusting: nil)
                    #expect(distrusting.ending == .exited(1))
                    #expect(distrusting.output.contains("Type: --redis-trust-roots"), "\(distrusting.output)")
                }
            }
        }

        @Test("With sentinels it is the same, and a failover is followed and counted")
        func sentinels() async throws {
            let options = RedisSentinels.Options(password: "data", sentinelPassword: "s-secret").with {
                $0.tls = true
            }
            try await RedisSentinels.withSentinels(options) { rig in
                let hosts = rig.sentinelPorts.map { "127.0.0.1:\($0)" }.joined(separator: ",")
                let url = "rediss+sentinel://:data@\(hosts)/\(RedisSentinels.name)"
                try await Self.serving(url, trusting: rig.certificateFile, sentinels: "s-secret") {
                    stint, place in
                    try await Self.use("acme", at: stint)
                    try await Self.changePlan(to: 1_000, at: stint, place, account: "acme")
                    for state in ["configured", "reachable"] {
                        try await Self.expect(stint, "stint_redis_sentinels", ["state": state], is: 3)
                    }
                    let announcers = try await Self.value(
                        stint, "stint_redis_connections", ["role": "sentinel"])
                    #expect(announcers >= 3, "each event loop and the control plane listen to one")
                    // While the primary is away all sentinels are asked in turn.
                    rig.sentinels[2].kill(SIGKILL)
                    rig.nodes[0].kill(SIGKILL)
                    try await rig.untilReplaced(0)
                    try await Self.expect(stint, "stint_redis_failovers_total", [:], is: 1)
                    try await Self.expect(stint, "stint_redis_sentinels", ["state": "reachable"], is: 2)
                    try await eventually("it is served again", within: Workplace.timeout) {
                        try await stint.client.peek(account: "acme").status == 200
                    }
                    try await Self.use("beta", at: stint)
                    try await Self.changePlan(to: 2_000, at: stint, place, account: "acme")
                    let doctor = try await Self.doctor(
                        place, url, trusting: rig.certificateFile,
                        ["--redis-sentinel-password-file", place.file("s")])
                    #expect(doctor.ending == .exited(0), "\(doctor.output)")
                }
            }
        }

        // MARK: Parts

        /// Nodes leave a replica out of the map until they have learnt that it has data.
        private static func untilReplicasAreMapped(_ cluster: RedisCluster) async throws {
            for key in (0..<50).map({ "k\($0)" }) {
                let primary = try cluster.primary(ofSlot: cluster.slot(of: key))
                try cluster.command("SET", key, "1", on: primary)
                try cluster.command("DEL", key, on: primary)
            }
            try await eventually("all replicas are in the map", within: Workplace.timeout) {
                try cluster.nodes.indices.allSatisfy { index in
                    // Asked without TLS, nodes answer with the ports without TLS.
                    let map = try cluster.command("CLUSTER", "SLOTS", on: index)
                    return cluster.nodes.indices.allSatisfy { map.contains("\(cluster.nodes[$0].port)") }
                }
            }
        }

        private static func serving(
            _ url: String, trusting roots: String, sentinels: String? = nil,
            isolation: isolated (any Actor)? = #isolation,
            _ body: (Stint, Workplace) async throws -> Void
        ) async throws {
            try await Workplace.open { place in
                let secret = try sentinels.map {
                    ["--redis-sentinel-password-file", try place.write($0, to: "s")]
                }
                let stint = try await place.start(
                    [
                        "--redis-url-file", try place.write(url, to: "redis-url"), "--redis-trust-roots",
                        roots,
                        "--plans", try place.write(PlanTests.file, to: "plans.yaml"),
                    ] + (secret ?? []))
                try await eventually("it is ready", within: Workplace.timeout) {
                    try await stint.admin("/readyz").status == 200
                }
                try await body(stint, place)
            }
        }

        private static func use(_ account: String, at stint: Stint) async throws {
            let ask = AdmitBody(id: "e", function: "f", maxDurationMs: 5)
            #expect(try await stint.client.admit(ask, account: account).status == 201)
            let settled = try await stint.client.settle("e", SettleBody(durationMs: 3), account: account)
            #expect(settled.status == 200)
        }

        private static func changePlan(
            to executions: Int, at stint: Stint, _ place: Workplace, account: String
        ) async throws {
            let admin = PlanTests.admin(of: stint, place)
            try await eventually("the plan is changed", within: Workplace.timeout) {
                do {
                    let plan: PlanBody = try await admin.get("v1", "plans", "free").decoded()
                    let body = PlanTests.changed(plan, executions: executions)
                    return try await admin.put("v1", "plans", "free", body: body).status == 200
                } catch is StintError { return false }
            }
            #expect(try await PlanTests.amounts(stint, account) == [executions])
        }

        private static func value(
            _ stint: Stint, _ name: String, _ labels: [String: String]
        ) async throws -> Double {
            try await MetricsPage(stint.admin("/metrics").body).value(name, labels) ?? -1
        }

        private static func expect(
            _ stint: Stint, _ name: String, _ labels: [String: String], is wanted: Double
        ) async throws {
            try await eventually("\(name)\(labels) is \(wanted)", within: Workplace.timeout) {
                try await value(stint, name, labels) == wanted
            }
        }

        private static func doctor(
            _ place: Workplace, _ url: String, trusting roots: String?, _ more: [String] = []
        ) async throws -> (ending: ChildProcess.Ending?, output: String) {
            let trust = roots.map { ["--redis-trust-roots", $0] } ?? []
            let deadlines = ["--redis-connect-deadline-ms", "3000", "--redis-command-deadline-ms", "3000"]
            return try await place.run(
                ["doctor", "--redis-url-file", try place.write(url, to: "redis-url")] + trust + deadlines
                    + more)
        }
    }
}
