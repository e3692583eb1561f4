// The rule's table on every ledger: one table, one suite, every implementation.

import Accounting
import LedgerRig
import RuleTable
import Testing

@Suite("Every ledger follows the rule")
struct RuleTests {
    @Test("Each row of the rule's table is answered as it says", arguments: LedgerKind.allCases)
    func followsTable(_ kind: LedgerKind) async throws {
        let clock = ManualClock()
        try await kind.withLedger(clock: clock) { ledger in
            // The scenario with 12,000 steps is left to the test below.
            for (number, scenario) in Scenario.all.filter({ $0.steps.count < 1_000 }).enumerated() {
                let account = Account("scenario-\(number)")!
                for step in scenario.steps {
                    clock.now = step.at
                    let answer = try await ledger.ask(step.question, about: account, under: scenario.plan)
                    let place = "\(scenario), at \(step.atMs) ms"
                    if answer.verdict.bare != step.verdict {
                        Issue.record("\(place): \(answer.verdict) and not \(step.verdict)")
                    }
                    let standing = Standing(plan: scenario.plan, usage: answer.usage)
                    let left = scenario.plan.limits.indices.map(standing.remaining)
                    if let expected = step.left, left != expected {
                        Issue.record("\(place): \(left) and not \(expected) is left")
                    }
                }
            }
        }
    }

    @Test("Rows of one instant may travel together", arguments: LedgerKind.allCases)
    func followsTableTogether(_ kind: LedgerKind) async throws {
        let clock = ManualClock()
        try await kind.withLedger(clock: clock) { ledger in
            for (number, scenario) in Scenario.all.enumerated() {
                let account = Account("scenario-\(number)")!
                var steps = scenario.steps[...]
                while let first = steps.first {
                    let together = steps.prefix { $0.atMs == first.atMs }
                    steps.removeFirst(together.count)
                    clock.now = first.at
                    let received = try await ledger.receive(
                        together.map { Put($0.question, about: account, under: scenario.plan) })
                    for (step, received) in zip(together, received)
                    where received.answer?.verdict.bare != step.verdict {
                        Issue.record(
                            "\(scenario), at \(step.atMs) ms: \(received.result), not \(step.verdict)")
                    }
                }
            }
        }
    }
}
