// What accounts did, through the whole service: counted by event loops, written behind the
// requests, read by the admin API and the command line.

import Accounting
import AdminClient
import Glibc
import StintClient
import TestServers
import Testing
import WireFormat

extension EndToEnd {
    @Suite("Rollups")
    struct RollupTests {
        private static let plans = """
            default: tight
            plans:
              tight:
                limits:
                  - {name: executions, meter: executions, amount: 4, windowMs: 60000}
                  - {name: execution-time, meter: execution-time, amount: 100000, windowMs: 60000}
                kinds: {function: {maxDurationMs: 10000}}
            """

        private static func admin(of stint: Stint, _ place: Workplace) -> AdminClient {
            AdminClient(url: "http://127.0.0.1:\(stint.adminPort)", actor: "ann")
        }

        private static func usage(
            _ admin: AdminClient, _ query: [String: String] = [:]
        ) async throws -> UsageBody {
            try await admin.get("v1", "accounts", "acme", "usage", query: query).decoded()
        }

        /// Five asks of two functions, of which one is denied; three are settled, one of them with
        /// an error.
        private static func traffic(_ stint: Stint) async throws {
            for number in 0..<5 {
                let ask = AdmitBody(
                    id: "e\(number)", function: number < 2 ? "resize" : "<b>send</b>", maxDurationMs: 10_000)
                let status = try await stint.client.admit(ask, account: "acme").status
                #expect(status == (number < 4 ? 201 : 429))
            }
            for (id, outcome) in [("e0", Ending.Outcome.ok), ("e1", .error), ("e2", .ok)] {
                let body = SettleBody(durationMs: 500, outcome: outcome)
                #expect(try await stint.client.settle(id, body, account: "acme").status == 200)
            }
        }

        private static func expect(_ usage: UsageBody) {
            #expect(usage.points.map(\.executions).reduce(0, +) == 4)
            #expect(usage.points.map(\.executionMs).reduce(0, +) == 1_500)
            #expect(usage.points.map(\.errors).reduce(0, +) == 1)
            #expect(usage.points.compactMap { $0.denials["executions"] }.reduce(0, +) == 1)
            #expect(usage.points.compactMap { $0.peakPercent["executions"] }.max() == 100)
            #expect(usage.points.compactMap { $0.peakPercent["execution-time"] }.max() == 40)
            #expect(usage.functions.map(\.function) == ["<b>send</b>", "resize"])
            #expect(usage.functions.map(\.executions) == [2, 2])
            #expect(usage.functions.map(\.executionMs) == [500, 1_000])
            #expect(usage.functions.map(\.errors) == [0, 1])
        }

        @Test(
            "What an account did is told by minute and by hour, who did the most is told, and people can read both"
        )
        func reported() async throws {
            try await Stint.serving(plans: Self.plans) { stint, place in
                let admin = Self.admin(of: stint, place)
                try await Self.traffic(stint)
                #expect(try await stint.client.admit(AdmitBody(id: "o"), account: "other").status == 201)
                let counted = ContinuousClock.now
                try await eventually("the rollups are written", within: Workplace.timeout) {
                    try await Self.usage(admin).points.map(\.executionMs).reduce(0, +) == 1_500
                }
                report("rollups: told \(counted.duration(to: .now).inMs) ms after the last settlement")
                Self.expect(try await Self.usage(admin))
                Self.expect(try await Self.usage(admin, ["step": "hour"]))
                let resize = try await Self.usage(admin, ["function": "resize"])
                #expect(resize.points.map(\.executions).reduce(0, +) == 2 && resize.functions.count == 1)
                #expect(try await Self.usage(admin, ["from": "0", "to": "0"]).points.isEmpty)

                let top: TopBody = try await admin.get("v1", "accounts").decoded()
                #expect(top.accounts.map(\.account) == ["acme", "other"])
                #expect(top.accounts.map(\.value) == [4, 1] && top.accounts.map(\.percent) == [100, 25])
                let denied: TopBody = try await admin.get("v1", "accounts", query: ["sort": "denials"])
                    .decoded()
                #expect(denied.accounts.map(\.account) == ["acme"] && denied.accounts.map(\.value) == [1])

                for bad in ["from=2&to=1", "step=day", "from=0&to=172800001", "function=", "since=1"] {
                    #expect(try await stint.admin("/v1/accounts/acme/usage?\(bad)").status == 400, "\(bad)")
                }
                for bad in ["sort=size", "limit=101", "from=0&to=7776000001", "from=5&to=4"] {
                    #expect(try await stint.admin("/v1/accounts?\(bad)").status == 400, "\(bad)")
                }

                let address = ["--admin", "http://127.0.0.1:\(stint.adminPort)"]
                let used = try await place.run(["account", "usage", "acme"] + address)
                #expect(used.ending == .exited(0) && used.output.contains("executions 1"), "\(used)")
                let ranked = try await place.run(["account", "top", "--sort", "execution-time"] + address)
                #expect(ranked.ending == .exited(0) && ranked.output.contains("EXECUTION-TIME"), "\(ranked)")
                #expect(!ranked.output.contains("\u{1B}"), "colours are for terminals")
            }
        }

        @Test("What was counted when the process is told to stop is written before it ends")
        func written() async throws {
            try await Workplace.open { place in
                let plans = ["--plans", try place.write(Self.plans, to: "plans.yaml")]
                let first = try await place.start(plans)
                try await Self.traffic(first)
                first.child.send(SIGTERM)
                #expect(try await first.ending() == .exited(0))
                let second = try await place.start(plans)
                let admin = Self.admin(of: second, place)
                try await eventually("the records can be asked", within: Workplace.timeout) {
                    try await second.admin("/v1/accounts/acme/usage").status == 200
                }
                Self.expect(try await Self.usage(admin, ["step": "hour"]))
            }
        }

        @Test("With rollups.kept false nothing is counted")
        func off() async throws {
            try await Stint.serving(["--rollups-kept", "false"], plans: Self.plans) { stint, place in
                try await Self.traffic(stint)
                try await Task.sleep(for: .seconds(2))
                #expect(try await Self.usage(Self.admin(of: stint, place)).points.isEmpty)
            }
        }
    }
}
