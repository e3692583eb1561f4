// The rule as a real ledger, in this process alone: for trying Stint out, for one-process installations that
// may forget at a restart, and as the model that the Redis ledger is compared with.

import Synchronization

/// A ledger in memory. One instance may serve several event loops: it takes a lock for each question.
public final class MemoryLedger: Ledger, Sendable {
    /// Accounts kept at most; beyond, questions about further accounts are `notApplied`.
    public static let maximumAccounts = 1_000_000
    private struct Pages {
        var pages: [Account: LedgerPage] = [:]
        /// Blank pages are dropped when this many are kept; then it becomes twice what remained.
        var sweepAt = 1_024

        mutating func answer(
            _ question: Question, about account: Account, under plan: Plan, at clock: Timestamp
        ) -> Result<Answer, LedgerError> {
            if pages[account] == nil {
                guard case .admit = question else {
                    var blank = LedgerPage()
                    return .success(blank.answer(question, under: plan, at: clock))
                }
                if pages.count >= sweepAt {
                    pages = pages.filter { !$0.value.isBlank(at: clock) }
                    sweepAt = max(1_024, 2 * pages.count)
                }
                guard pages.count < MemoryLedger.maximumAccounts else {
                    return .failure(.notApplied("the memory ledger keeps \(pages.count) accounts and has no room"))
                }
            }
            return .success(pages[account, default: LedgerPage()].answer(question, under: plan, at: clock))
        }
    }

    private let clock: @Sendable () -> Timestamp
    private let state = Mutex(Pages())

    /// - Parameter clock: the ledger's clock.
    public init(clock: @escaping @Sendable () -> Timestamp) { self.clock = clock }

    public func put(_ question: Question, about account: Account, under plan: Plan, to sink: any AnswerSink) {
        sink.receive(answer(question, about: account, under: plan))
    }

    public func answer(
        _ question: Question, about account: Account, under plan: Plan
    ) -> Result<Answer, LedgerError> {
        let now = clock()
        return state.withLock { $0.answer(question, about: account, under: plan, at: now) }
    }

    /// What is kept about an account; for tests and inspection.
    public func page(of account: Account) -> LedgerPage? { state.withLock { $0.pages[account] } }
}
