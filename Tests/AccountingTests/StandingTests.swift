// What is left, limit by limit and in the two numbers of every reply.

import Accounting
import Testing

@Suite("Where an account stands")
struct StandingTests {
    private static func limit(_ meter: Meter, _ amount: Int, windowMs: Int) throws -> Limit {
        try Limit(
            name: "\(meter.rawValue)-\(windowMs)-\(amount)", meter: meter, amount: amount, windowMs: windowMs)
    }

    @Test("Each limit is read from its own window, and the least of a meter is what remains of it")
    func reads() throws {
        let plan = try Plan(
            name: "p",
            limits: [
                Self.limit(.executions, 10, windowMs: 1_000),
                Self.limit(.executionTime, 500, windowMs: 60_000),
                Self.limit(.executions, 8, windowMs: 60_000),
                Self.limit(.executionTime, 900, windowMs: 1_000),
            ])
        let standing = Standing(
            plan: plan,
            usage: [
                Usage(executions: 4, executionTimeMs: 100, oldestLeavesInMs: 7),
                Usage(executions: 5, executionTimeMs: 600, oldestLeavesInMs: 70),
            ])
        #expect(plan.limits.indices.map(standing.used) == [4, 600, 5, 100])
        // Over-runs can use more than there is; what is left is never negative.
        #expect(plan.limits.indices.map(standing.remaining) == [6, 0, 3, 800])
        #expect(standing.executionsRemaining == 3 && standing.timeRemaining == 0)
        #expect(standing.usage(of: 2).oldestLeavesInMs == 70)
    }

    @Test("A plan without limits on a meter has nothing to say about it")
    func readsNothing() throws {
        let usage = [Usage(executions: 1, executionTimeMs: 1, oldestLeavesInMs: 1)]
        let time = try Plan(name: "p", limits: [Self.limit(.executionTime, 5, windowMs: 1_000)])
        let count = try Plan(name: "p", limits: [Self.limit(.executions, 5, windowMs: 1_000)])
        #expect(Standing(plan: time, usage: usage).executionsRemaining == nil)
        #expect(Standing(plan: count, usage: usage).timeRemaining == nil)
    }

    @Test(
        "A poller's wait rises from nine tenths used to the whole window",
        arguments: [
            (0, 0), (900, 0), (901, 100), (950, 5_000), (999, 9_900), (1_000, 10_000), (2_000, 10_000),
        ])
    func slowsPollers(used: Int, waitMs: Int) throws {
        let plan = try Plan(
            name: "p",
            limits: [
                Self.limit(.executions, 1_000, windowMs: 10_000),
                Self.limit(.executionTime, 1_000_000, windowMs: 60_000),
            ])
        let idle = Usage(executions: 0, executionTimeMs: 0, oldestLeavesInMs: nil)
        let usage = Usage(executions: used, executionTimeMs: 0, oldestLeavesInMs: 1)
        #expect(Standing(plan: plan, usage: [usage, idle]).suggestedIntervalMs == waitMs)
        // The longest wait counts.
        let full = Usage(executions: 0, executionTimeMs: 1_000_000, oldestLeavesInMs: 1)
        #expect(Standing(plan: plan, usage: [usage, full]).suggestedIntervalMs == 60_000)
    }

    @Test("Nothing fits a limit of 0, so a poller waits its whole window")
    func waitsForNothing() throws {
        let plan = try Plan(name: "p", limits: [Self.limit(.executions, 0, windowMs: 5_000)])
        let idle = Usage(executions: 0, executionTimeMs: 0, oldestLeavesInMs: nil)
        #expect(Standing(plan: plan, usage: [idle]).suggestedIntervalMs == 5_000)
    }

    @Test("A denial names its limits by bit", arguments: 0..<32)
    func namesLimits(_ index: Int) {
        let denial = Denial(violated: 1 << UInt32(index), retryAfterMs: nil)
        #expect((0..<32).filter(denial.violates) == [index])
    }
}
