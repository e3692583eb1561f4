// The rule's table against the rule as a value. (ConformanceTests runs the same table on every
// ledger.)

import Accounting
import RuleTable
import Testing

@Suite("The rule, row by row")
struct RuleTableTests {
    @Test("An account ledger answers each row as the rule's table says", arguments: Scenario.all)
    func follows(_ scenario: Scenario) {
        var ledger = AccountLedger()
        for step in scenario.steps {
            let before = ledger
            let answer = ledger.answer(step.question, under: scenario.plan, at: step.at)
            if answer.verdict.bare != step.verdict {
                Issue.record("at \(step.atMs) ms: \(answer.verdict) and not \(step.verdict)")
            }
            if let left = step.left, answer.left(under: scenario.plan) != left {
                Issue.record(
                    "at \(step.atMs) ms: \(answer.left(under: scenario.plan)) and not \(left) is left")
            }
            guard case .admit(let ask) = step.question, case .denied(let denial) = step.verdict else {
                continue
            }
            #expect(
                ledger.peek(under: scenario.plan, at: step.at)
                    == before.peek(under: scenario.plan, at: step.at),
                "at \(step.atMs) ms: a denial charges nothing")
            #expect(
                ledger.keepsItsWord(denial, ask, under: scenario.plan, at: step.at),
                "at \(step.atMs) ms: the same ask is admitted when it was said, and not before")
        }
    }

    @Test("The table has rows for every line of the rule that a question can show")
    func isWhole() {
        let lines = Set(Scenario.all.compactMap { $0.name.split(separator: ":").first })
        #expect(lines == ["1", "2", "3", "4", "5", "6", "7", "8", "9", "10"])
    }
}

extension Answer {
    /// What is left of each limit, in the plan's order.
    func left(under plan: Plan) -> [Int] {
        let standing = Standing(plan: plan, usage: usage)
        return plan.limits.indices.map(standing.remaining)
    }
}

extension AccountLedger {
    func peek(under plan: Plan, at clock: Timestamp) -> Answer {
        var copy = self
        return copy.answer(.peek, under: plan, at: clock)
    }

    /// What a new ask like `ask` would be answered at `clock`; the account ledger stays as it is.
    func verdict(on ask: Ask, under plan: Plan, at clock: Timestamp) -> Verdict {
        var copy = self
        var ask = ask
        ask.id = ExecutionID("trial")!
        return copy.answer(.admit(ask), under: plan, at: clock).verdict
    }

    /// Whether the same ask fits exactly when a denial at `clock` says it will.
    func keepsItsWord(_ denial: Denial, _ ask: Ask, under plan: Plan, at clock: Timestamp) -> Bool {
        guard let retryAfterMs = denial.retryAfterMs else {
            guard case .denied(let later) = verdict(on: ask, under: plan, at: clock + 10_000_000_000) else {
                return false
            }
            return later.retryAfterMs == nil
        }
        guard retryAfterMs >= 1, case .admitted = verdict(on: ask, under: plan, at: clock + retryAfterMs)
        else { return false }
        guard case .denied(let early) = verdict(on: ask, under: plan, at: clock + (retryAfterMs - 1)) else {
            return false
        }
        return early.retryAfterMs == 1
    }
}
