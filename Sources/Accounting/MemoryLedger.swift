// The rule as a real ledger, in this process alone: for trying Stint out, for one-process installations that
// may forget at a restart, and as the model that the Redis ledger is compared with.

import Synchronization

/// A ledger in memory. One instance may serve several event loops: it takes a lock for each question.
public final class MemoryLedger: Ledger, Sendable {
    private struct Pages {
        let maximum: Int
        var pages: [Account: LedgerPage] = [:]
        /// Blank pages are dropped when this many are kept; then it becomes twice what remained.
        var sweepAt: Int
        /// A sweep looks at every page, so a full ledger sweeps once a second at most.
        var nextSweep = Timestamp(ms: 0)

        init(maximum: Int) {
            self.maximum = maximum
            sweepAt = min(1_024, maximum)
        }

        mutating func answer(
            _ question: Question, about account: Account, under plan: Plan, at clock: Timestamp
        ) -> Result<Answer, LedgerError> {
            if pages[account] == nil {
                guard case .admit = question else {
                    var blank = LedgerPage()
                    return .success(blank.answer(question, under: plan, at: clock))
                }
                if pages.count >= sweepAt, clock >= nextSweep { sweep(at: clock) }
                guard pages.count < maximum else {
                    return .failure(
                        .notApplied("the memory ledger keeps \(pages.count) accounts and has no room"))
                }
            }
            return .success(pages[account, default: LedgerPage()].answer(question, under: plan, at: clock))
        }

        private mutating func sweep(at clock: Timestamp) {
            pages = pages.filter { !$0.value.isBlank(at: clock) }
            sweepAt = min(max(1_024, 2 * pages.count), maximum)
            nextSweep = clock + 1_000
        }
    }

    private let clock: @Sendable () -> Timestamp
    private let state: Mutex<Pages>

    /// - Parameters:
    ///   - maximumAccounts: questions about further accounts are `notApplied`.
    ///   - clock: the ledger's clock.
    public init(maximumAccounts: Int = 1_000_000, clock: @escaping @Sendable () -> Timestamp) {
        self.clock = clock
        state = Mutex(Pages(maximum: maximumAccounts))
    }

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
