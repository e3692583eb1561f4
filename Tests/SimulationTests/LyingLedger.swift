// The ledger of a simulation. It may break one promise, to test that the simulation notices: it
// asks the real ledger in memory a different question from the one that it got.

import Accounting
import RuleTable

final class LyingLedger {
    enum Lie: CaseIterable {
        /// A retry is charged like a new execution.
        case chargesRetries
        /// Each limit is one execution, or one ms, larger than the plan's.
        case admitsTooMuch
        /// An execution that is denied leaves a charge.
        case chargesDenials
        /// Every seventh question finds the ledger empty.
        case forgetsEverything
        /// An admission is answered and not written down.
        case losesCharges
        /// Half of what was used is given back.
        case settlesTooLow
        /// A settlement is answered and not written down.
        case losesSettlements
        /// An admission's answer goes to whoever is admitted next.
        case confusesCallers
    }

    private let lie: Lie?
    private var ledger: MemoryLedger
    private let clock: ManualClock
    private var lies = 0
    private var lastAdmission: Answer?

    init(clock: ManualClock, maximumAccounts: Int, lie: Lie?) {
        self.lie = lie
        self.clock = clock
        ledger = MemoryLedger(maximumAccounts: maximumAccounts, clock: { clock.now })
    }

    func accountLedger(of account: Account) -> AccountLedger {
        ledger.accountLedger(of: account) ?? AccountLedger()
    }

    func answer(
        _ question: Question, about account: Account, under plan: Plan
    ) -> Result<Answer, LedgerError> {
        switch (lie, question) {
        case (.chargesRetries, .admit(let ask)) where accountLedger(of: account).holds[ask.id] != nil:
            return ledger.answer(.admit(again(ask)), about: account, under: plan)
        case (.admitsTooMuch, .admit):
            return ledger.answer(question, about: account, under: larger(plan))
        case (.chargesDenials, .admit(let ask)):
            let answer = ledger.answer(question, about: account, under: plan)
            if case .success(let message) = answer, case .denied = message.verdict {
                _ = ledger.answer(.admit(again(ask)), about: account, under: larger(plan))
            }
            return answer
        case (.forgetsEverything, _):
            lies += 1
            if lies % 7 == 0 { ledger = MemoryLedger(clock: { [clock] in clock.now }) }
        case (.losesCharges, .admit), (.losesSettlements, .settle):
            var copy = accountLedger(of: account)
            return .success(copy.answer(question, under: plan, at: clock.now))
        case (.settlesTooLow, .settle(let id, let durationMs, _)):
            return ledger.answer(.settle(id, durationMs: durationMs / 2), about: account, under: plan)
        default: break
        }
        return ledger.answer(question, about: account, under: plan)
    }

    /// What the process hears when the ledger said `answer`.
    func deliver(_ answer: Result<Answer, LedgerError>) -> Result<Answer, LedgerError> {
        guard lie == .confusesCallers, case .success(let message) = answer, case .admitted = message.verdict
        else {
            return answer
        }
        defer { lastAdmission = message }
        return lastAdmission.map { .success($0) } ?? answer
    }

    private func again(_ ask: Ask) -> Ask {
        lies += 1
        var ask = ask
        ask.id = ExecutionID("lie-\(lies)")!
        return ask
    }

    private func larger(_ plan: Plan) -> Plan {
        let limits = plan.limits.map { limit in
            try! Limit(
                name: limit.name, meter: limit.meter, amount: limit.amount + 1,
                windowMs: limit.window.lengthMs, cells: limit.window.cells)
        }
        return try! Plan(name: plan.name, limits: limits)
    }
}
