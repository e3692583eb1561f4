// What must bring plans back: an old text of the plan file, and a Redis that was emptied.

import Foundation
import Glibc
import QuotaClient
import TestServers
import Testing
import WireFormat

extension EndToEnd {
    @Suite("Plans that come back")
    struct PlanReturnTests {
        static func file(_ executions: Int) -> String {
            PlanTests.file.replacing("amount: 2,", with: "amount: \(executions),")
        }

        @Test("A plan file that is rolled back takes effect, on SIGHUP and at a restart; what was edited since stays")
        func rolledBack() async throws {
            try await Workplace.open { place in
                let plans = ["--plans", try place.write(Self.file(100), to: "plans.yaml")]
                let first = try await place.start(plans)
                for amount in [1, 100, 1] {
                    _ = try place.write(Self.file(amount), to: "plans.yaml")
                    first.child.send(SIGHUP)
                    try await eventually("\(amount) is in force") {
                        try await PlanTests.amounts(first, "acme") == [amount]
                    }
                }
                first.child.send(SIGTERM)
                _ = try await first.ending()

                _ = try place.write(Self.file(100), to: "plans.yaml")
                let second = try await place.start(plans)
                #expect(try await PlanTests.amounts(second, "acme") == [100])
                let admin = PlanTests.admin(of: second, place)
                let free: PlanBody = try await admin.get("v1", "plans", "free").decoded()
                _ = try await admin.put("v1", "plans", "free", body: PlanTests.changed(free, executions: 7))
                second.child.send(SIGHUP)
                try await eventually("the file was looked at") { second.log.contains("plan file has not changed") }
                #expect(try await PlanTests.amounts(second, "acme") == [7])
                second.child.send(SIGTERM)
                _ = try await second.ending()

                let third = try await place.start(plans)
                #expect(third.log.contains("plan file was imported already"))
                #expect(try await PlanTests.amounts(third, "acme") == [7])
            }
        }
    }
}
