// Two cases in which plans must come back: an old text of the plan file, and a Redis that was
// emptied.

import AdminClient
import Foundation
import Glibc
import StintClient
import TestServers
import Testing
import WireFormat

extension EndToEnd {
    @Suite("Plans that come back")
    struct PlanReturnTests {
        static func file(_ executions: Int) -> String {
            PlanTests.file.replacing("amount: 2,", with: "amount: \(executions),")
        }

        @Test(
            "A plan file that is rolled back takes effect, on SIGHUP and at a restart; what was edited since stays"
        )
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
                try await eventually("the file was looked at") {
                    second.log.contains("plan file has not changed")
                }
                #expect(try await PlanTests.amounts(second, "acme") == [7])
                second.child.send(SIGTERM)
                _ = try await second.ending()

                let third = try await place.start(plans)
                #expect(third.log.contains("plan file was imported already"))
                #expect(try await PlanTests.amounts(third, "acme") == [7])
            }
        }

        @Test(
            "A Redis that is emptied gets the plans in force back, from one of two processes; a third that starts then follows"
        )
        func emptied() async throws {
            try await RedisServer.withServer { redis in
                try await Workplace.open { place in
                    let url = ["--redis-url", redis.url]
                    let stints = [try await place.start(url), try await place.start(url)]
                    let admin = PlanTests.admin(of: stints[0], place)
                    let plan: PlanBody = try await admin.get("v1", "plans", "serverless").decoded()
                    var small = plan
                    small.limits = [plan.limits[1]]
                    small.limits[0].amount = 2
                    _ = try await admin.put("v1", "plans", "serverless", body: small)
                    _ = try await admin.put(
                        "v1", "accounts", "big", "override", body: OverrideBody(amounts: ["executions": 5]))
                    for stint in stints {
                        try await eventually("it is in force") {
                            try await PlanTests.amounts(stint, "big") == [5]
                        }
                    }
                    for round in 1...3 {
                        try redis.command("FLUSHALL")
                        try await eventually("they are written back, \(round)") {
                            try stints.reduce(0) { $0 + $1.log.matches(of: /were written back/).count }
                                == round
                                && redis.command("HEXISTS", "stint:{plans}:book", "default") == "1"
                        }
                        for stint in stints {
                            #expect(try await PlanTests.amounts(stint, "acme") == [2])
                            #expect(try await PlanTests.amounts(stint, "big") == [5])
                        }
                    }
                    let log: ChangesBody = try await admin.get("v1", "audit").decoded()
                    #expect(log.changes.map(\.what) == ["restore"] && log.changes[0].who == "stint")
                    let third = try await place.start(url)
                    #expect(try await PlanTests.amounts(third, "acme") == [2])
                    #expect(try await PlanTests.amounts(third, "big") == [5])
                    for _ in 0..<2 { #expect(try await third.client.admit(account: "acme").status == 201) }
                    #expect(try await stints[1].client.admit(account: "acme").status == 429)
                }
            }
        }
    }
}
