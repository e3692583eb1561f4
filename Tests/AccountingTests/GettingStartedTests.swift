// The examples of the module's documentation: GettingStarted.md quotes them.

import Accounting
import RuleTable
import Testing

@Suite("Getting started")
struct GettingStartedTests {
    func decide(_ prepared: PreparedQuestion, by ledger: MemoryLedger) -> Decision {
        let answer = ledger.answer(prepared.question, about: prepared.account, under: prepared.plan)
        return prepared.decision(on: answer)
    }

    @Test("Three of four executions are admitted, as the article says")
    func article() throws {
        let clock = ManualClock(Scenario.beginning)
        let account = Account("acme")!

        let plan = try Plan(
            name: "small",
            limits: [
                Limit(name: "executions", meter: .executions, amount: 3, windowMs: 60_000),
                Limit(name: "execution-time", meter: .executionTime, amount: 5_000, windowMs: 60_000),
            ],
            kinds: ["function": Ceiling(maxDurationMs: 3_000)])
        #expect(plan.warnings.isEmpty)

        let plans = try PlanBook(plans: [plan], default: "small")
        var accountant = Accountant(plans: plans, random: SystemRandomNumberGenerator())
        let ledger = MemoryLedger(clock: { clock.now })

        let admission = Admission(account: account, maxDurationMs: 3_000)
        let first = decide(try accountant.consider(admission), by: ledger)
        let second = decide(try accountant.consider(admission), by: ledger)
        let third = decide(try accountant.consider(admission), by: ledger)
        #expect(describe(first) == "may run 3000 ms, 2000 ms are left")
        #expect(describe(second) == "may run 2000 ms, 0 ms are left")
        #expect(describe(third) == "denied, again in 60000 ms")

        guard case .admitted(let execution, _) = first else { return }
        let settlement = accountant.consider(settling: execution.id, durationMs: 500, of: account)
        let settled = decide(settlement, by: ledger)
        let fourth = decide(try accountant.consider(admission), by: ledger)
        #expect(describe(settled) == "took 500 ms, gave back 2500 ms")
        #expect(describe(fourth) == "may run 2500 ms, 0 ms are left")

        var left = ""
        func print(_ text: String) { left = text }
        if case .peeked(let standing) = decide(accountant.consider(peekAt: account), by: ledger) {
            print("left: \(standing.executionsRemaining ?? 0) executions, \(standing.timeRemaining ?? 0) ms")
        }
        #expect(left == "left: 0 executions, 0 ms")
    }

    private func describe(_ decision: Decision) -> String {
        var text = ""
        func print(_ line: String) { text = line }
        switch decision {
        case .admitted(let admitted, let standing):
            print("may run \(admitted.grant.durationMs) ms, \(standing.timeRemaining ?? 0) ms are left")
        case .denied(let denial, _, _):
            print(denial.retryAfterMs.map { "denied, again in \($0) ms" } ?? "denied, it never fits")
        case .settled(_, let receipt, _):
            print("took \(receipt.chargedMs) ms, gave back \(receipt.returnedMs) ms")
        default:
            print("\(decision)")
        }
        return text
    }
}
