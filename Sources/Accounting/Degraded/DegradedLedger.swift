// What a process admits by itself while the ledger cannot answer, under plans that allow a share of
// every limit; and what it owes the ledger for it.

import Synchronization

/// The ledger of one process for the time in which the shared one cannot answer. One instance
/// serves all event loops.
///
/// It has a window of its own for each account, which is as strict as any other: the process admits
/// at most the share of every limit within any window, also if the ledger comes and goes. Each
/// execution that it admits is a debt: the ledger is charged for it as soon as it answers again.
/// Until then this process answers all questions that name the execution.
public final class DegradedLedger: Sendable {
    /// The maximum number of accounts that have a window here.
    public static let maximumAccounts = 100_000
    /// The maximum number of debts: some 60 MB.
    public static let maximumDebts = 250_000

    private let windows: MemoryLedger
    private let debts: Mutex<Debts>
    /// The number of debts, so that a process without any asks no lock.
    private let count = Atomic(0)
    /// Whether any execution was ever admitted here.
    private let hasAdmitted = Atomic(false)

    /// - Parameters:
    ///   - maximumDebts: further executions are not admitted.
    ///   - clock: the clock of this process.
    public init(
        maximumDebts: Int = DegradedLedger.maximumDebts, clock: @escaping @Sendable () -> Timestamp
    ) {
        windows = MemoryLedger(maximumAccounts: Self.maximumAccounts, clock: clock)
        debts = Mutex(Debts(maximum: maximumDebts))
    }

    /// The number of executions that were admitted here and are not charged to the ledger yet.
    public var debtCount: Int { count.load(ordering: .relaxed) }

    /// The decision on a question about an execution that was admitted here and that the ledger
    /// does not know yet; nil: the ledger decides.
    public func decision(on question: PreparedQuestion) -> Decision? {
        guard debtCount > 0, let id = question.question.id else { return nil }
        return debts.withLock { debts in
            debts.change(id, of: question.account) { decision(on: question, about: &$0) } ?? nil
        }
    }

    private func decision(on question: PreparedQuestion, about debt: inout Debt) -> Decision? {
        var asked = question.question
        if case .admit = asked {
            if debt.settlement != nil {
                let reason = "the execution with this id is settled, and not charged to the ledger yet"
                return .unavailable(.notApplied(reason), debt.ask.id)
            }
            asked = .peek
        }
        guard case .success(var answer) = windows.answer(asked, about: question.account, under: debt.share)
        else { return nil }
        switch (answer.verdict, asked) {
        case (.peeked, _): answer.verdict = .held(debt.grant)
        case (.settled, .settle(_, let durationMs, let ending)):
            debt.settlement = Debt.Settlement(durationMs: durationMs, ending: ending)
        default: break
        }
        return question.decision(on: answer, under: debt.share)
    }

    /// The decision on an admission that the ledger could not answer; nil if its plan names no
    /// share, the share can never admit it, or there is no room for one more account or debt.
    public func decision(on question: PreparedQuestion, after error: LedgerError) -> Decision? {
        guard let share = question.plan.share, case .admit(let ask) = question.question, error != .damaged
        else { return nil }
        if case .noRoom = error { return nil }
        return debts.withLock { debts in
            // Two requests with one id may have waited for the ledger together.
            if let known = debts.change(ask.id, of: question.account, { decision(on: question, about: &$0) })
            {
                return known
            }
            guard debts.hasRoom,
                case .success(let answer) = windows.answer(
                    question.question, about: question.account, under: share)
            else { return nil }
            // What is too large for a share may well fit the limit.
            if case .denied(let denial) = answer.verdict, denial.retryAfterMs == nil { return nil }
            if case .admitted(let grant) = answer.verdict {
                debts.add(Debt(ask: ask, grant: grant, share: share), of: question.account)
                count.store(debts.count, ordering: .relaxed)
                hasAdmitted.store(true, ordering: .relaxed)
            }
            return question.decision(on: answer, under: share)
        }
    }

    /// The ledger settled an execution. If it was admitted here, its share gets the unused time
    /// back too.
    public func settledByLedger(_ question: PreparedQuestion) {
        guard let share = question.plan.share, hasAdmitted.load(ordering: .relaxed) else { return }
        _ = windows.answer(question.question, about: question.account, under: share)
    }

    // MARK: Payments

    /// What the ledger is to be asked next, so that it is charged for up to `maximum` debts. Every
    /// payment must be given back to ``receive(_:on:)``.
    public func nextPayments(_ maximum: Int) -> [Payment] {
        debts.withLock { $0.nextPayments(maximum) }
    }

    /// Receives the ledger's answer to a payment.
    /// - Returns: whether it was accepted. If not, it comes again.
    @discardableResult
    public func receive(_ answer: Result<Answer, LedgerError>, on payment: Payment) -> Bool {
        debts.withLock { debts in
            defer { count.store(debts.count, ordering: .relaxed) }
            return debts.receive(answer, on: payment)
        }
    }
}

/// A question that charges the ledger for a debt. Its plan must be unbounded: the execution has
/// begun.
public struct Payment: Sendable {
    public let account: Account
    /// An admission, which says `held` if it is repeated, or after it the settlement. Both may be
    /// asked again if the reply was lost.
    public let question: Question
}
