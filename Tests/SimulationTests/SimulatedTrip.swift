// A random course of requests by one patient runner: if the ledger cannot answer, it repeats the
// same request at once. So the end must be the same, whichever call fails once.

import Accounting
import RuleTable
import SeededChance

struct SimulatedTrip {
    enum Step {
        case wait(ms: Int)
        case start(Admission)
        case settle(Account, ExecutionID, durationMs: Int)
    }

    /// What there is to compare of a whole journey.
    struct Outcome: Equatable {
        /// What was granted or denied, and then left, in the order of the starts.
        var starts: [Start] = []
        var windows: [[WindowShape: SlidingWindow]] = []
        var holds: [[ExecutionID: Hold]] = []
    }

    struct Start: Equatable {
        var grant: Grant?
        var denial: Denial?
        var left: [Int]
    }

    private let plans: PlanBook
    private let accounts: [Account]
    private let steps: [Step]

    init(seed: Int, steps count: Int) throws {
        var random = SeededGenerator(seed: seed)
        let windowMs = random.pick([1_000, 5_000])
        let plan = try Plan(
            name: "plan",
            limits: [
                Limit(
                    name: "executions", meter: .executions, amount: random.number(in: 2...6),
                    windowMs: windowMs,
                    cells: random.pick([1, 7, 60])),
                Limit(
                    name: "time", meter: .executionTime, amount: 5_000,
                    windowMs: random.pick([1_000, 5_000])),
            ])
        plans = try PlanBook(plans: [plan], default: "plan")
        let accounts = [Account("one")!, Account("two")!]
        var started: [(Account, ExecutionID)] = []
        steps = (0..<count).map { number in
            switch random.number(in: 1...10) {
            case 1...2: return .wait(ms: random.pick([1, 10, windowMs / 7, windowMs - 1, windowMs]))
            case 3...5 where !started.isEmpty:
                let (account, id) = random.pick(started)
                return .settle(account, id, durationMs: random.pick([0, 1, 100, 900, 3_000]))
            case 6 where !started.isEmpty:
                let (account, id) = random.pick(started)
                return .start(Admission(account: account, id: id, maxDurationMs: 1_000))
            default:
                let account = random.pick(accounts)
                let id = ExecutionID("step-\(number)")!
                started.append((account, id))
                let maxDurationMs = random.pick([0, 1, 500, 1_000, 4_000, 5_001])
                return .start(
                    Admission(
                        account: account, id: id, maxDurationMs: maxDurationMs,
                        minDurationMs: random.pick([0, maxDurationMs, nil])))
            }
        }
        self.accounts = accounts
    }

    /// - Returns: how it ended, the number of calls, and how often the ledger could not say.
    func live(
        failing: (call: Int, fault: FaultyLedger.Fault)? = nil
    ) throws -> (outcome: Outcome, calls: Int, failures: Int) {
        let clock = ManualClock()
        let ledger = FaultyLedger(MemoryLedger(clock: { clock.now }), failing: failing)
        var accountant = Accountant(plans: plans, random: SeededGenerator(seed: 1))
        var outcome = Outcome()
        var failures = 0
        for step in steps {
            switch step {
            case .wait(let ms): clock.advance(byMs: ms)
            case .settle(let account, let id, let durationMs):
                let considered = accountant.consider(settling: id, durationMs: durationMs, of: account)
                _ = try insist(on: considered, ledger, &failures)
            case .start(let admission):
                let decision = try insist(on: accountant.consider(admission), ledger, &failures)
                outcome.starts.append(try start(decision))
            }
        }
        for account in accounts {
            let ledger = ledger.ledger.accountLedger(of: account)
            outcome.windows.append(ledger?.windows ?? [:])
            outcome.holds.append(ledger?.holds ?? [:])
        }
        return (outcome, ledger.calls, failures)
    }

    /// Repeats the question until the ledger can say.
    private func insist(
        on considered: PreparedQuestion, _ ledger: FaultyLedger, _ failures: inout Int
    ) throws -> Decision {
        for _ in 0..<2 {
            let recorder = AnswerRecorder()
            ledger.put(considered.question, about: considered.account, under: considered.plan, to: recorder)
            guard let answer = recorder.answer else {
                throw Unexpected(what: "no answer to \(considered.question)")
            }
            let decision = considered.decision(on: answer)
            guard case .unavailable = decision else { return decision }
            failures += 1
        }
        throw Unexpected(what: "\(considered.question) failed twice")
    }

    private func start(_ decision: Decision) throws -> Start {
        switch decision {
        case .admitted(let admitted, let standing):
            return Start(grant: admitted.grant, left: standing.plan.limits.indices.map(standing.remaining))
        case .denied(let denial, _, let standing):
            return Start(denial: denial, left: standing.plan.limits.indices.map(standing.remaining))
        default: throw Unexpected(what: "a start is decided \(decision)")
        }
    }

    private final class AnswerRecorder: AnswerSink {
        private(set) var answer: Result<Answer, LedgerError>?
        func receive(_ answer: Result<Answer, LedgerError>) { self.answer = answer }
    }
}
