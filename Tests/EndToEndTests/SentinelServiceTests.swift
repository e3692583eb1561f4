// All of Stint on a primary that sentinels watch: requests, plans and readiness before and after a
// failover.

import AdminClient
import Glibc
import StintClient
import TestServers
import Testing
import WireFormat

extension EndToEnd {
    @Suite("Redis Sentinel")
    struct SentinelServiceTests {
        @Test("Admissions and plans go on after the primary was killed, and /readyz follows")
        func failover() async throws {
            let options = RedisSentinels.Options(password: "data", sentinelPassword: "s-secret")
            try await RedisSentinels.withSentinels(options) { rig in
                let hosts = rig.sentinelPorts.map { "127.0.0.1:\($0)" }.joined(separator: ",")
                try await Workplace.open { place in
                    let url = "redis+sentinel://:data@\(hosts)/\(RedisSentinels.name)\n"
                    let stint = try await place.start([
                        "--redis-url-file", try place.write(url, to: "url"),
                        "--redis-sentinel-password-file", try place.write("s-secret\n", to: "sentinels"),
                        "--plans", try place.write(PlanTests.file, to: "plans.yaml"),
                    ])
                    try await Self.untilAdmitted(stint)
                    let admin = PlanTests.admin(of: stint, place)
                    let plan: PlanBody = try await admin.get("v1", "plans", "free").decoded()
                    _ = try await admin.put(
                        "v1", "plans", "free", body: PlanTests.changed(plan, executions: 1_000))
                    #expect(try await PlanTests.amounts(stint, "acme") == [1_000])

                    rig.nodes[0].kill(SIGKILL)
                    let began = ContinuousClock.now
                    async let replaced = rig.untilReplaced(0)
                    try await eventually("it is noticed", within: Workplace.timeout) {
                        try await stint.admin("/readyz").status == 503
                    }
                    try await Self.untilAdmitted(stint)
                    report(
                        "after SIGKILL of the primary admitted again \(began.duration(to: .now).inMs) ms later"
                    )
                    _ = try await replaced
                    try await eventually("it is ready", within: Workplace.timeout) {
                        try await stint.admin("/readyz").status == 200
                    }
                    try await eventually("plans can be changed", within: Workplace.timeout) {
                        do {
                            return try await admin.put(
                                "v1", "plans", "free", body: PlanTests.changed(plan, executions: 2_000)
                            ).status == 200
                        } catch is StintError { return false }
                    }
                    #expect(try await PlanTests.amounts(stint, "acme") == [2_000])
                    #expect(!stint.log.contains("s-secret") && !stint.log.contains("data@"))
                }
            }
        }

        private static func untilAdmitted(_ stint: Stint) async throws {
            try await eventually("an execution is admitted", within: Workplace.timeout) {
                try await stint.client.admit(account: "acme").status == 201
            }
        }
    }
}
