// The small cases under the rule: cost is execution time without partial grants, and if every cost
// is 1 it is also a count. A reset is a new account ledger.

import Accounting
import Recordings
import RuleTable
import SeededChance
import Testing

@Suite("The rule against small exact cases")
struct WindowCaseTests {
    @Test("The cases are there")
    func areThere() throws {
        let cases = try WindowCase.all()
        print("window cases: \(cases.count) \(SharedTraces.folder == nil ? "of our own" : "shared")")
        #expect(!cases.isEmpty)
    }

    @Test("Every step is answered as the case says", arguments: try trials())
    func follows(_ windowCase: WindowCase, by meter: Meter) throws {
        let limit = try Limit(
            name: "limit", meter: meter, amount: windowCase.limit, windowMs: windowCase.windowS * 1_000)
        let plan = try Plan(name: "case", limits: [limit])
        var ledger = AccountLedger()
        var ids = SeededGenerator(seed: 1)
        for (index, step) in windowCase.steps.enumerated() {
            if step.reset == true { ledger = AccountLedger() }
            for _ in 0..<(step.repeat ?? 1) {
                if let cost = step.cost {
                    let ask = Ask(
                        id: ExecutionID(using: &ids), durationMs: meter == .executionTime ? cost : 0,
                        minimumMs: cost)
                    try answer(ask, step, index, &ledger, under: plan)
                }
            }
            if let remaining = step.remaining {
                let usage = ledger.answer(.peek, under: plan, at: step.at).usage
                #expect(Standing(plan: plan, usage: usage).remaining(of: 0) == remaining, "step \(index)")
            }
        }
    }

    private static func trials() throws -> [(WindowCase, Meter)] {
        try WindowCase.all().flatMap { windowCase in
            Meter.allCases.filter { $0 == .executionTime || windowCase.isOfSingles }.map { (windowCase, $0) }
        }
    }

    private func answer(
        _ ask: Ask, _ step: WindowCase.Step, _ index: Int, _ ledger: inout AccountLedger, under plan: Plan
    ) throws {
        var after = ledger
        let verdict = after.answer(.admit(ask), under: plan, at: step.at).verdict
        switch verdict {
        case .admitted(let grant):
            #expect(step.admitted == true && grant.durationMs == ask.durationMs, "step \(index)")
        case .denied(let denial):
            #expect(step.admitted == false, "step \(index)")
            if let seconds = step.nextCapacityInS {
                #expect(denial.retryAfterMs == Int((seconds * 1_000).rounded()), "step \(index)")
            }
        case let other: throw Unexpected(what: "step \(index): \(other)")
        }
        if step.peek != true { ledger = after }
    }
}

extension WindowCase.Step {
    var at: Timestamp { Scenario.beginning + Int((t * 1_000).rounded()) }
}
