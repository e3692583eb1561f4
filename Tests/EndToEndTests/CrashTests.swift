// Stint is killed between admission and settlement: the charge is in Redis and outlives it.

import Glibc
import StintClient
import TestServers
import Testing
import WireFormat

extension EndToEnd {
    @Suite("Death of Stint")
    struct CrashTests {
        static let burstMs = 4_000

        /// One limit that remembers for a minute, one that is soon over.
        static let plans = """
            default: two
            plans:
              two:
                limits:
                  - {name: minute, meter: execution-time, amount: 600000, windowMs: 60000}
                  - {name: burst, meter: execution-time, amount: 10000, windowMs: \(burstMs)}
            """

        @Test("kill -9 between admit and settle: the charge stays, can be settled once, or leaves by itself")
        func kill9() async throws {
            try await Workplace.open { place in
                let arguments = ["--plans", try place.write(Self.plans, to: "plans.yaml")]
                let first = try await place.start(arguments)
                let ask = AdmitBody(id: "run-1", maxDurationMs: 10_000)
                #expect(try await first.client.admit(ask, account: "settled").status == 201)
                let forgotten = try await first.client.admit(ask, account: "forgotten").accepted
                let leavesAt = try #require(forgotten.deadline) - forgotten.grantedMs + Self.burstMs

                first.child.send(SIGKILL)
                #expect(try await first.ending() == .killed(by: SIGKILL))
                let orphan = try place.redisPid()
                let began = ContinuousClock.now
                let second = try await place.start(arguments)
                let restarted = began.duration(to: .now)
                #expect(try place.redisPid() != orphan, "the orphan was not ended")
                #expect(second.log.contains("ending a Redis that an earlier Stint left behind"))

                let client = second.client
                #expect(try await client.used(of: "minute", by: "settled") == 10_000)
                let repeated = try await client.admit(ask, account: "settled")
                #expect(repeated.status == 200, "the hold is still there")
                let settled = try await client.settle("run-1", SettleBody(durationMs: 84), account: "settled")
                #expect(settled.status == 200)
                let again = try await client.settle("run-1", SettleBody(durationMs: 84), account: "settled")
                #expect(again.status == 404)
                #expect(try await client.used(of: "minute", by: "settled") == 84)

                try await Self.expectToLeave(at: leavesAt, client)
                #expect(try await client.used(of: "minute", by: "forgotten") == 20_000)
                report(
                    "kill -9 of Stint: serving again after \(restarted.inMs) ms, charge still there, settled "
                        + "\(settled.status), again \(again.status); a charge that nobody settled left by itself"
                )
            }
        }

        /// Asks until a second execution fits; it must not before `leavesAt` and must from then on.
        private static func expectToLeave(at leavesAt: Int, _ client: RunnerClient) async throws {
            while true {
                let before = wallClockMs()
                let reply = try await client.admit(AdmitBody(maxDurationMs: 10_000), account: "forgotten")
                if reply.status == 201 {
                    #expect(wallClockMs() >= leavesAt)
                    return
                }
                #expect(reply.status == 429)
                try #require(before < leavesAt, "denied \(before - leavesAt) ms after the charge's time")
                let waitMs = try #require(try reply.problem.retryAfterMs)
                try await Task.sleep(for: .milliseconds(waitMs))
            }
        }
    }
}
