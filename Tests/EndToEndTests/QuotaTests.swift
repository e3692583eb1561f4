// The rule for a runner: what fits, what does not, when it will fit, and that nothing is charged
// twice.

import StintClient
import Testing
import WireFormat

extension EndToEnd {
    @Suite("One account and its quota")
    struct QuotaTests {
        /// When an account that is full up fits one more: its oldest cell leaves when the latest
        /// charge of that cell is a window old.
        /// - Parameter admittedAt: every charge, ascending, in ms since 1970.
        static func leaving(_ admittedAt: [Int], windowMs: Int) -> Int {
            let cell = { (time: Int) in time * 60 / windowMs }
            return admittedAt.last { cell($0) == cell(admittedAt[0]) }.map { $0 + windowMs } ?? 0
        }

        /// Admits `count` executions of 10 s.
        /// - Returns: when each was admitted, by the ledger's clock.
        static func fill(_ count: Int, _ account: String, _ client: RunnerClient) async throws -> [Int] {
            var admittedAt: [Int] = []
            for number in 1...count {
                let reply = try await client.admit(account: account)
                #expect(reply.status == 201, "execution \(number)")
                let body = try reply.accepted
                #expect(body.grantedMs == 10_000)
                admittedAt.append(try #require(body.deadline) - body.grantedMs)
            }
            return admittedAt
        }

        @Test(
            "Sixty executions of 10 s fill a fresh account; the 61st is told to the millisecond when it fits")
        func sixty() async throws {
            try await Stint.serving { stint, _ in
                let admittedAt = try await Self.fill(60, "sixty", stint.client)
                let fitsAt = Self.leaving(admittedAt, windowMs: 60_000)

                let before = wallClockMs()
                let denial = try await stint.client.admit(account: "sixty")
                let after = wallClockMs()
                #expect(denial.status == 429)
                let problem = try denial.problem
                let waitMs = try #require(problem.retryAfterMs)
                #expect((before...after).contains(fitsAt - waitMs), "fits at \(fitsAt), told \(waitMs) ms")
                #expect(problem.type == .quotaExceeded)
                #expect(problem.violatedPolicies == ["execution-time"])
                #expect(problem.limits == LimitsObject(executionsRemaining: 5_940, timeRemaining: 0))
                let retryAfter = (waitMs + 999) / 1_000
                #expect(denial.header("Retry-After") == "\(retryAfter)")
                #expect(denial.header("Content-Type") == "application/problem+json")
                #expect(denial.header("Cache-Control") == "no-store")
                #expect(denial.header("RateLimit-Policy") == #""executions";q=6000;w=60"#)
                let rateLimit = try #require(denial.header("RateLimit"))
                let match = try #require(rateLimit.wholeMatch(of: /"executions";r=5940;t=(\d+)/))
                #expect(try #require(Int(match.output.1)) <= retryAfter)

                let raw = try await RawConnection.open(port: stint.runnerPort) { connection in
                    try await connection.send(
                        "POST /v1/accounts/sixty/executions HTTP/1.1\r\nHost: localhost\r\n"
                            + "Content-Length: 0\r\n\r\n")
                    return try await connection.reply()
                }
                #expect(raw.hasPrefix("HTTP/1.1 429 Too Many Requests\r\n"))
                report("60 x 201, then 429 with retryAfterMs \(waitMs), on the wire:\n\(raw)")
            }
        }

        @Test("A denied ask is denied until its time and admitted from its time on")
        func inTime() async throws {
            let windowMs = 4_000
            let plans = """
                default: short
                plans:
                  short:
                    limits:
                      - {name: time, meter: execution-time, amount: 20000, windowMs: \(windowMs)}
                      - {name: executions, meter: executions, amount: 6000, windowMs: \(windowMs)}
                    kinds: {function: {maxDurationMs: 10000}}
                """
            try await Stint.serving(plans: plans) { stint, _ in
                let fitsAt = Self.leaving(
                    try await Self.fill(2, "short", stint.client), windowMs: windowMs)
                // Asked without pause: each denial must lie before its time, each admission after.
                var waits: [Int] = []
                while true {
                    let before = wallClockMs()
                    let reply = try await stint.client.admit(account: "short")
                    let after = wallClockMs()
                    if reply.status == 429 {
                        #expect(before < fitsAt, "denied \(before - fitsAt) ms after its time")
                        let waitMs = try #require(try reply.problem.retryAfterMs)
                        #expect((before...after).contains(fitsAt - waitMs), "told to wait \(waitMs) ms")
                        #expect(reply.header("Retry-After") == "\((waitMs + 999) / 1_000)")
                        waits.append(waitMs)
                        continue
                    }
                    #expect(reply.status == 201)
                    let body = try reply.accepted
                    let admittedAt = try #require(body.deadline) - body.grantedMs
                    #expect(admittedAt >= fitsAt, "admitted \(fitsAt - admittedAt) ms before its time")
                    let last = try #require(waits.last, "asked too late to be denied")
                    report(
                        "denied \(waits.count) times from \(waits[0]) ms to \(last) ms before its time, "
                            + "admitted \(admittedAt - fitsAt) ms after it")
                    return
                }
            }
        }

        @Test("With 3,250 ms left, an ask of 10 s gets 3,250 ms, or nothing if that is too little for it")
        func partialGrant() async throws {
            try await Stint.serving { stint, _ in
                let client = stint.client
                _ = try await Self.fill(59, "partial", client)
                let last = try await client.admit(AdmitBody(maxDurationMs: 6_750), account: "partial")
                #expect(try last.accepted.limits?.timeRemaining == 3_250)

                let picky = try await client.admit(
                    AdmitBody(maxDurationMs: 10_000, minDurationMs: 4_000), account: "partial")
                #expect(picky.status == 429)
                #expect(try picky.problem.limits?.timeRemaining == 3_250)

                let modest = try await client.admit(
                    AdmitBody(maxDurationMs: 10_000, minDurationMs: 100), account: "partial")
                #expect(modest.status == 201)
                let body = try modest.accepted
                #expect(body.grantedMs == 3_250)
                #expect(body.limits == LimitsObject(executionsRemaining: 5_939, timeRemaining: 0))
                report("3,250 ms left: minDurationMs 4000 is denied, 100 gets grantedMs \(body.grantedMs)")
            }
        }

        @Test(
            "An id admitted twice is charged once, settled twice corrected once; an unknown one changes nothing"
        )
        func replays() async throws {
            try await Stint.serving { stint, _ in
                let client = stint.client
                let ask = AdmitBody(id: "run-1", maxDurationMs: 10_000)
                let first = try await client.admit(ask, account: "twice")
                let second = try await client.admit(ask, account: "twice")
                #expect((first.status, second.status) == (201, 200))
                #expect(try first.accepted == second.accepted)
                #expect(try await client.used(of: "execution-time", by: "twice") == 10_000)
                #expect(try await client.used(of: "executions", by: "twice") == 1)

                let settled = try await client.settle("run-1", SettleBody(durationMs: 84), account: "twice")
                let again = try await client.settle("run-1", SettleBody(durationMs: 99), account: "twice")
                #expect((settled.status, again.status) == (200, 404))
                let receipt = try settled.accepted
                #expect((receipt.chargedMs, receipt.returnedMs, receipt.overrunMs) == (84, 9_916, 0))
                #expect(try again.problem.type == .executionNotHeld)

                let standing = try await client.peek(account: "twice").accepted
                let unknown = try await client.settle("nobody", SettleBody(durationMs: 5), account: "twice")
                #expect(unknown.status == 404)
                #expect(try await client.peek(account: "twice").accepted == standing)
                #expect(standing.limits == LimitsObject(executionsRemaining: 5_999, timeRemaining: 599_916))
                report(
                    "same id: admits \(first.status), \(second.status); settles \(settled.status), "
                        + "\(again.status); unknown id \(unknown.status); used 84 ms")
            }
        }
    }
}
