// What a process admits while the ledger cannot answer: never more than its share, and every
// execution is charged once when the ledger is back, whatever was lost on the way.

import Accounting
import RuleTable
import SeededChance
import Testing

@Suite("A process without its ledger")
struct DegradedLedgerTests {
    private static let acme = Account("acme")!
    private static let failure = LedgerError.outcomeUnknown("late")

    private static func plan(share: Int = 10, executions: Int = 50, windowMs: Int = 10_000) throws -> Plan {
        try Plan(
            name: "p",
            limits: [
                Limit(name: "count", meter: .executions, amount: executions, windowMs: windowMs),
                Limit(name: "time", meter: .executionTime, amount: 100_000, windowMs: windowMs),
            ], whenUnavailable: .admitShare(percent: share))
    }

    /// A process: its accountant, and its share.
    private struct Process {
        let clock = ManualClock(Scenario.beginning)
        let plan: Plan
        let ledger: DegradedLedger
        private var accountant: Accountant

        init(_ plan: Plan, maximumDebts: Int = 1_000) throws {
            self.plan = plan
            let clock = clock
            ledger = DegradedLedger(maximumDebts: maximumDebts) { clock.now }
            accountant = Accountant(
                plans: try PlanBook(plans: [plan], default: "p"), random: SystemRandomNumberGenerator())
        }

        mutating func admission(
            _ id: String, _ durationMs: Int = 100, of account: Account = DegradedLedgerTests.acme
        ) throws -> PreparedQuestion {
            try accountant.consider(
                Admission(account: account, id: ExecutionID(id), maxDurationMs: durationMs))
        }

        mutating func admit(_ id: String, _ durationMs: Int = 100) throws -> Decision? {
            ledger.decision(on: try admission(id, durationMs), after: DegradedLedgerTests.failure)
        }

        mutating func settlement(_ id: String, _ durationMs: Int) -> PreparedQuestion {
            accountant.consider(
                settling: ExecutionID(id)!, durationMs: durationMs, of: DegradedLedgerTests.acme)
        }

        mutating func settle(_ id: String, _ durationMs: Int) -> Decision? {
            ledger.decision(on: settlement(id, durationMs))
        }

        /// Pays once: every payment is put to `other`, and its answer is lost if `isLost`.
        func pay(_ other: MemoryLedger, isLost: () -> Bool = { false }) {
            for payment in ledger.nextPayments(100) {
                let answer = other.answer(
                    payment.question, about: payment.account, under: Plan(unbounded: plan))
                ledger.receive(isLost() ? .failure(DegradedLedgerTests.failure) : answer, on: payment)
            }
        }
    }

    @Test("Admits its share of every limit, then denies with the time to come back; says by how much")
    func share() throws {
        var process = try Process(try Self.plan())
        for number in 0..<5 {
            guard case .admitted(let admitted, let standing)? = try process.admit("e\(number)") else {
                Issue.record("\(number) is not admitted")
                return
            }
            #expect(!admitted.isRepeat && standing.isDegraded)
            #expect(standing.executionsRemaining == 4 - number)
            #expect(standing.plan.overUse?.executions == 5)
            #expect(standing.plan.overUse?.executionTimeMs == 10_000)
            process.clock.advance(byMs: 1_000)
        }
        guard case .denied(let denial, _, let standing)? = try process.admit("more") else {
            Issue.record("more than the share is admitted")
            return
        }
        #expect(denial.retryAfterMs == 5_000 && standing.isDegraded)
        process.clock.advance(byMs: 5_000)
        #expect(try process.admit("more")?.isAdmitted == true)
        #expect(process.ledger.debtCount == 6)
    }

    @Test("What never fits a share may fit the limit: it is left undecided, and the plan has a warning")
    func tiny() throws {
        let plan = try Self.plan(share: 1)
        var process = try Process(plan)
        #expect(try process.admit("e") == nil && process.ledger.debtCount == 0)
        #expect(plan.warnings.map(\.field) == ["whenUnavailable.admit.share"])
        #expect(try Self.plan().warnings.isEmpty)
    }

    @Test("A ledger that works, and has a damaged account, is no reason for a share")
    func damaged() throws {
        var process = try Process(try Self.plan())
        #expect(process.ledger.decision(on: try process.admission("e"), after: .damaged) == nil)
    }

    @Test("Two requests with one id that waited for the ledger together are one execution")
    func together() throws {
        var process = try Process(try Self.plan())
        #expect(try process.admit("e")?.isAdmitted == true)
        #expect(process.settle("e", 30) != nil)
        guard case .unavailable(.notApplied, _)? = try process.admit("e") else {
            Issue.record("the second is an execution of its own")
            return
        }
        let other = MemoryLedger { [clock = process.clock] in clock.now }
        for _ in 0..<2 { process.pay(other) }
        let peek = try other.answer(.peek, about: Self.acme, under: process.plan).get()
        #expect(peek.usage[0].executions == 1 && peek.usage[0].executionTimeMs == 30)
    }

    @Test("What the ledger settles comes back to the share that admitted it")
    func settledByLedger() throws {
        var process = try Process(try Self.plan())
        let other = MemoryLedger { [clock = process.clock] in clock.now }
        #expect(try process.admit("long", 10_000)?.isAdmitted == true)
        process.pay(other)
        process.ledger.settledByLedger(process.settlement("long", 10))
        guard case .admitted(_, let standing)? = try process.admit("next") else {
            Issue.record("the share is used up by an execution that took 10 ms")
            return
        }
        #expect(standing.timeRemaining == 10_000 - 10 - 100)
    }

    @Test("Only plans with a share, asks of the ledger that failed, and no refusal for lack of room")
    func others() throws {
        var process = try Process(try Self.plan())
        #expect(process.settle("unknown", 5) == nil)
        #expect(process.ledger.decision(on: try process.admission("e")) == nil)
        let full = LedgerError.noRoom("full", retryAfterMs: 1)
        #expect(process.ledger.decision(on: try process.admission("e"), after: full) == nil)
        let plain = try Plan(name: "p", limits: process.plan.limits, whenUnavailable: .admit)
        var without = try Process(plain)
        #expect(try without.admit("e") == nil)
    }

    @Test("A repeated admission has the same grant, a repeated settlement finds nothing")
    func repeats() throws {
        var process = try Process(try Self.plan())
        guard case .admitted(let first, _)? = try process.admit("e") else {
            Issue.record("not admitted")
            return
        }
        process.clock.advance(byMs: 50)
        for decision in [try process.admit("e"), process.ledger.decision(on: try process.admission("e"))] {
            guard case .admitted(let again, let standing)? = decision else {
                Issue.record("not held")
                return
            }
            #expect(again.isRepeat && again.grant == first.grant && standing.executionsRemaining == 4)
        }
        guard case .settled(_, let receipt, let standing)? = process.settle("e", 30) else {
            Issue.record("not settled")
            return
        }
        #expect(receipt.chargedMs == 30 && receipt.returnedMs == 70 && standing.timeRemaining == 9_970)
        guard case .notHeld? = process.settle("e", 30) else {
            Issue.record("settled twice")
            return
        }
        // Its id is free again only when the ledger has charged it.
        guard case .unavailable(.notApplied, _)? = process.ledger.decision(on: try process.admission("e"))
        else {
            Issue.record("an id whose execution is settled and not charged is admitted again")
            return
        }
        #expect(process.ledger.debtCount == 1)
    }

    @Test("What runs when the ledger is back is a hold there, which any process settles")
    func handsOver() throws {
        var process = try Process(try Self.plan())
        let other = MemoryLedger { [clock = process.clock] in clock.now }
        #expect(try process.admit("e")?.isAdmitted == true)
        process.pay(other)
        #expect(process.ledger.debtCount == 0 && process.settle("e", 30) == nil)
        let settle = Question.settle(ExecutionID("e")!, durationMs: 30)
        let answer = try other.answer(settle, about: Self.acme, under: process.plan).get()
        #expect(answer.usage[0].executions == 1 && answer.usage[0].executionTimeMs == 30)
    }

    @Test("Debts are charged beyond the limit, and the window pays them back")
    func beyondTheLimit() throws {
        var process = try Process(try Self.plan(share: 100))
        let other = MemoryLedger { [clock = process.clock] in clock.now }
        for number in 0..<50 {
            let ask = Question.admit(Ask(id: ExecutionID("r\(number)")!, durationMs: 100, minimumMs: 100))
            #expect(try other.answer(ask, about: Self.acme, under: process.plan).get().verdict.isAdmitted)
            #expect(try process.admit("e\(number)")?.isAdmitted == true)
        }
        process.pay(other)
        let ask = Question.admit(Ask(id: ExecutionID("later")!, durationMs: 100, minimumMs: 100))
        let denied = try other.answer(ask, about: Self.acme, under: process.plan).get()
        #expect(denied.usage[0].executions == 100 && denied.usage[0].executionTimeMs == 10_000)
        #expect(!denied.verdict.isAdmitted)
        process.clock.advance(byMs: 10_000)
        #expect(try other.answer(ask, about: Self.acme, under: process.plan).get().verdict.isAdmitted)
    }

    @Test("The number of debts is bounded: then nothing more is admitted")
    func bounded() throws {
        var process = try Process(try Self.plan(), maximumDebts: 2)
        #expect(try process.admit("a")?.isAdmitted == true)
        #expect(try process.admit("b")?.isAdmitted == true)
        #expect(try process.admit("c") == nil)
        let other = MemoryLedger { [clock = process.clock] in clock.now }
        process.pay(other)
        #expect(try process.admit("c")?.isAdmitted == true)
    }

    @Test(
        "Random outages, lost replies and settlements: never beyond the share, all charged to the ms",
        arguments: 0..<50)
    func randomHistories(_ seed: Int) throws {
        var random = SeededGenerator(seed: UInt64(seed))
        var process = try Process(try Self.plan(share: 40, executions: 100))
        let other = MemoryLedger { [clock = process.clock] in clock.now }
        var dueMs: [String: Int] = [:]
        var running: [String: Int] = [:]
        var admittedAt: [Timestamp] = []
        var count = 0
        for _ in 0..<400 {
            // Less than the 10 s that charges stay, so that the sums at the end have all.
            process.clock.advance(byMs: Int.random(in: 0...20, using: &random))
            switch Int.random(in: 0..<10, using: &random) {
            case 0..<5:
                count += 1
                let (id, durationMs) = ("e\(count)", Int.random(in: 100...2_000, using: &random))
                if Bool.random(using: &random) {
                    // The ledger charged it, and its reply was lost.
                    let question = try process.admission(id, durationMs).question
                    let answer = try other.answer(question, about: Self.acme, under: process.plan).get()
                    if case .admitted(let grant) = answer.verdict { dueMs[id] = grant.durationMs }
                }
                guard case .admitted(let admitted, _)? = try process.admit(id, durationMs) else { break }
                admittedAt.append(admitted.grant.admittedAt)
                dueMs[id] = dueMs[id] ?? admitted.grant.durationMs
                running[id] = admitted.grant.durationMs
            case 5..<8:
                guard let (id, grantedMs) = running.sorted(by: { $0.key < $1.key }).first else { break }
                running[id] = nil
                let usedMs = Int.random(in: 0...grantedMs, using: &random)
                switch process.settle(id, usedMs) {
                case .settled: dueMs[id] = usedMs
                case nil:
                    let settle = process.settlement(id, usedMs).question
                    let answer = try other.answer(settle, about: Self.acme, under: process.plan).get()
                    guard case .settled = answer.verdict else {
                        Issue.record("\(id) is lost: \(answer.verdict)")
                        return
                    }
                    dueMs[id] = usedMs
                case let odd?: Issue.record("\(id): \(odd)")
                }
            default:
                let lost = Int.random(in: 0..<3, using: &random)
                process.pay(other) { Int.random(in: 0..<3, using: &random) < lost }
            }
        }
        while process.ledger.debtCount > 0 { process.pay(other) }
        for start in admittedAt {
            #expect(admittedAt.count { $0 >= start && $0 < start + 10_000 } <= 40)
        }
        let peek = try other.answer(.peek, about: Self.acme, under: process.plan).get()
        #expect(peek.usage[0].executions == dueMs.count)
        #expect(peek.usage[0].executionTimeMs == dueMs.values.reduce(0, +))
    }
}

extension Decision {
    fileprivate var isAdmitted: Bool { if case .admitted = self { true } else { false } }
}

extension Verdict {
    fileprivate var isAdmitted: Bool { if case .admitted = self { true } else { false } }
}
