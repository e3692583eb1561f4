// A Stint process without its sockets: an accountant, and the calls whose answers it waits for.

import Accounting
import RuleTable
import SeededChance

struct SimulatedProcess {
    /// A question that was put to the ledger.
    struct Call {
        let number: Int
        let process: Int
        let letter: Letter
        let considered: PreparedQuestion
    }

    /// After this many ms a call's outcome is unknown.
    static let deadlineMs = 50

    var accountant: Accountant
    private var waiting: Set<Int> = []

    init(plans: PlanBook, seed: Int) {
        accountant = Accountant(plans: plans, random: SeededGenerator(seed: seed))
    }

    mutating func consider(_ letter: Letter) throws(PlanViolation) -> PreparedQuestion {
        switch letter.content {
        case .start(let admission): try accountant.consider(admission)
        case .settle(let id, let durationMs):
            accountant.consider(settling: id, durationMs: durationMs, of: letter.account)
        }
    }

    mutating func wait(for call: Call) { waiting.insert(call.number) }

    /// - Returns: nil when this process no longer waits for it: given up, or asked by one that
    ///   crashed since.
    mutating func decide(_ call: Call, _ answer: Result<Answer, LedgerError>) -> Decision? {
        waiting.remove(call.number) == nil ? nil : call.considered.decision(on: answer)
    }
}
