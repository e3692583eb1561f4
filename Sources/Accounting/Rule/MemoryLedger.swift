// The ledger in the memory of this process: to try Stint, for installations with one process that
// may forget at a restart, and as the model that the Redis ledger is compared with.

import Synchronization

/// A ledger in memory. One instance may serve several event loops: it takes a lock for each
/// question.
public final class MemoryLedger: Ledger, Sendable {
    private struct Table {
        /// The number of account ledgers that are kept even if they are blank: they remember that a
        /// clock must not step back.
        static let keptAlways = 1_024
        /// The number of account ledgers that are checked when a new account comes; blank ones are
        /// dropped. Never all at once, because every question waits for the lock.
        static let lookedAt = 2
        /// The same number while there is no room.
        static let lookedAtWhenFull = 16
        /// The number of tables. A table that grows moves all its entries, so there are many, each
        /// with a part of the accounts.
        static let parts = 256

        let maximum: Int
        private var parts = Array(repeating: [Account: AccountLedger](), count: Table.parts)
        /// Every account once, in any order.
        private(set) var accounts: [Account] = []
        /// The accounts before this index are checked next, backwards. Newer accounts lie after it,
        /// and fill the places of dropped ones.
        private var next = 0

        init(maximum: Int) { self.maximum = maximum }

        private static func part(of account: Account) -> Int { account.hashValue & (Table.parts - 1) }

        func accountLedger(of account: Account) -> AccountLedger? { parts[Table.part(of: account)][account] }

        mutating func answer(
            _ question: Question, about account: Account, under plan: Plan, at clock: Timestamp
        ) -> Result<Answer, LedgerError> {
            let part = Table.part(of: account)
            if parts[part][account] == nil {
                guard case .admit = question else {
                    var blank = AccountLedger()
                    return .success(blank.answer(question, under: plan, at: clock))
                }
                if accounts.count >= min(Table.keptAlways, maximum) { dropBlank(at: clock) }
                guard accounts.count < maximum else {
                    return .failure(
                        .noRoom(
                            "the memory ledger keeps \(accounts.count) accounts and has no room",
                            retryAfterMs: 1_000))
                }
                accounts.append(account)
            }
            return .success(
                parts[part][account, default: AccountLedger()].answer(question, under: plan, at: clock))
        }

        /// Checks some account ledgers, others each time, and drops blank ones.
        private mutating func dropBlank(at clock: Timestamp) {
            let looks = accounts.count < maximum ? Table.lookedAt : Table.lookedAtWhenFull
            for _ in 0..<min(looks, accounts.count) {
                if next == 0 || next > accounts.count { next = accounts.count }
                next -= 1
                let account = accounts[next]
                let part = Table.part(of: account)
                if parts[part][account]?.isBlank(at: clock) == true {
                    parts[part][account] = nil
                    accounts.swapAt(next, accounts.count - 1)
                    accounts.removeLast()
                }
            }
        }
    }

    private let clock: @Sendable () -> Timestamp
    private let state: Mutex<Table>

    /// - Parameters:
    ///   - maximumAccounts: questions about further accounts fail with `noRoom`.
    ///   - clock: the ledger's clock.
    public init(maximumAccounts: Int = 1_000_000, clock: @escaping @Sendable () -> Timestamp) {
        self.clock = clock
        state = Mutex(Table(maximum: maximumAccounts))
    }

    public func put(_ question: Question, about account: Account, under plan: Plan, to sink: any AnswerSink) {
        sink.receive(answer(question, about: account, under: plan))
    }

    /// Like ``put(_:about:under:to:)``, but returns the answer.
    public func answer(
        _ question: Question, about account: Account, under plan: Plan
    ) -> Result<Answer, LedgerError> {
        let now = clock()
        return state.withLock { $0.answer(question, about: account, under: plan, at: now) }
    }

    /// What is kept of an account; for tests and inspection.
    public func accountLedger(of account: Account) -> AccountLedger? {
        state.withLock { $0.accountLedger(of: account) }
    }

    /// The number of accounts that are kept.
    public var accountCount: Int { state.withLock { $0.accounts.count } }
}
