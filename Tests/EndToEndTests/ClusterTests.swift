// The real binary on a real Redis Cluster: decisions, plans, resources, rollups and the log, and
// what it says of a URL that names another kind of server.

import Accounting
import AdminClient
import Foundation
import StintClient
import TestServers
import Testing
import WireFormat

extension EndToEnd {
    @Suite("Redis Cluster", .serialized)
    struct ClusterTests {
        private static func url(_ cluster: RedisCluster, _ indices: [Int]) -> String {
            "redis+cluster://" + indices.map { "127.0.0.1:\(cluster.port(of: $0))" }.joined(separator: ",")
                + "/"
        }

        @Test("Everything that Stint keeps works on a cluster, and two processes see the same")
        func everything() async throws {
            try await RedisCluster.withCluster { cluster in
                try await Stint.serving(
                    ["--redis-url", Self.url(cluster, [0])], plans: ResourceTests.plans
                ) { stint, place in
                    let second = try await place.start(["--redis-url", Self.url(cluster, [2, 1])])
                    let admin = AdminClient(url: "http://127.0.0.1:\(stint.adminPort)", actor: "ann")
                    try await eventually("both are ready", within: Workplace.timeout) {
                        let statuses = (
                            try await stint.admin("/readyz").status, try await second.admin("/readyz").status
                        )
                        return statuses == (200, 200)
                    }
                    let accounts = (0..<30).map { "a\($0)" }
                    for account in accounts {
                        for number in 0..<11 {
                            let client = number.isMultiple(of: 2) ? stint.client : second.client
                            let ask = AdmitBody(id: "e\(number)", function: "f", maxDurationMs: 5)
                            let status = try await client.admit(ask, account: account).status
                            #expect(status == (number < 10 ? 201 : 429), "\(account) \(number)")
                        }
                        let settled = try await second.client.settle(
                            "e0", SettleBody(durationMs: 3, outcome: .ok), account: account)
                        #expect(settled.status == 200)
                        #expect(
                            try await ResourceTests.register("key", of: account, at: second, place) == 201)
                    }
                    // The default plan is changed at one process; the other one follows.
                    var plan: PlanBody = try await admin.get("v1", "plans", "small").decoded()
                    plan.limits[0].amount = 12
                    _ = try await admin.put("v1", "plans", "small", body: plan)
                    try await eventually("the change is in force at the other", within: Workplace.timeout) {
                        try await second.client.peek(account: "a0").reply.accepted?.policies.first?.amount
                            == 12
                    }
                    let rows: ExecutionsBody = try await admin.get("v1", "accounts", "a7", "executions")
                        .decoded()
                    #expect(rows.executions.map(\.id) == ["e0"])
                    try await eventually("every account is in the ranking", within: .seconds(30)) {
                        let top: TopBody = try await admin.get(
                            "v1", "accounts", query: ["sort": "executions", "limit": "100"]
                        ).decoded()
                        return accounts.allSatisfy { name in top.accounts.contains { $0.account == name } }
                    }
                    let sizes = try cluster.nodes.indices.map { try cluster.command("DBSIZE", on: $0) }
                    report("a cluster of 3 under 30 accounts, two processes: keys per node \(sizes)")
                    #expect(!sizes.contains("0"))
                }
            }
        }

        @Test("redis:// at a node of a cluster, and redis+cluster:// at a single server, say what to type")
        func otherKinds() async throws {
            try await RedisCluster.withCluster { cluster in
                let address = "127.0.0.1:\(cluster.port(of: 0))"
                try await Self.expect(
                    "redis://\(address)", says: "Type: --redis-url redis+cluster://\(address)/")
            }
            try await RedisServer.withServer(RedisServer.Options(tcp: true)) { server in
                let address = "127.0.0.1:\(server.port)"
                try await Self.expect(
                    "redis+cluster://\(address)", says: "Type: --redis-url redis://\(address)/")
            }
        }

        private static func expect(_ url: String, says advice: String) async throws {
            try await Stint.serving(["--redis-url", url]) { stint, _ in
                try await eventually("the log says it", within: Workplace.timeout) {
                    stint.log.contains(advice)
                }
                let ready = try await stint.admin("/readyz")
                #expect(ready.status == 503 && ready.body.contains(advice), "\(ready.body)")
                #expect(try await stint.client.admit(account: "acme").status == 503)
                report("\(url): /readyz \(ready.body)")
            }
        }
    }
}
