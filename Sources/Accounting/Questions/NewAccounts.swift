// How many accounts became known through this process within the last hour: memory that callers
// choose, and so bounded. Redis says what is new (admit.lua, register.lua); here it is counted, by
// the same rule as everything else.

import Synchronization

/// A bound on accounts that are new, shared by the event loops of a process. Calls that are under
/// way when it is reached may go beyond it, by some.
public final class NewAccounts: Sendable {
    private let plan: Plan
    private let now: @Sendable () -> Timestamp
    private let isFull = Atomic(false)
    private let charges = Mutex(Charges())
    private let denied = Mutex(DeniedNames())
    private let ask: Ask

    /// Accounts of which nothing is known but that they were denied: each is counted once, until
    /// the hour is over.
    private struct DeniedNames {
        var since = Timestamp(ms: 0)
        /// Hashes of their names; at most as many as may come.
        var names: Set<Int> = []
    }

    private static let hourMs = 3_600_000

    /// - Parameters:
    ///   - maximumPerHour: 1 to 2,147,483,647.
    ///   - clock: any that does not step back.
    public init(maximumPerHour: Int, clock: @escaping @Sendable () -> Timestamp) throws(PlanError) {
        let limit = try Limit(
            name: "new-accounts", meter: .executions, amount: maximumPerHour, windowMs: Self.hourMs)
        plan = try Plan(name: "new-accounts", limits: [limit])
        now = clock
        ask = Ask(id: ExecutionID("new")!, durationMs: 0, minimumMs: 0)
    }

    /// Whether one more may come.
    public var hasRoom: Bool { !isFull.load(ordering: .relaxed) || retryAfterMs == nil }

    /// ms until one more may come; nil: it may now.
    public var retryAfterMs: Int? {
        charges.withLock { charges in
            var after = charges
            guard case .denied(let denial) = admit(to: &after) else {
                isFull.store(false, ordering: .relaxed)
                return nil
            }
            return denial.retryAfterMs
        }
    }

    /// Some have come.
    public func count(_ accounts: Int) {
        charges.withLock { charges in
            for _ in 0..<accounts { _ = admit(to: &charges) }
            isFull.store(
                charges.used(of: 0, under: plan) >= plan.limits[0].amount, ordering: .relaxed)
        }
    }

    /// One was denied that nothing else is known of.
    public func countDenied(_ account: Account) {
        let maximum = plan.limits[0].amount
        let isNew = denied.withLock { denied in
            let now = now()
            if now - denied.since >= Self.hourMs { denied = DeniedNames(since: now) }
            return denied.names.count < maximum && denied.names.insert(account.hashValue).inserted
        }
        if isNew { count(1) }
    }

    private func admit(to charges: inout Charges) -> Verdict {
        let now = now()
        return charges.admit(ask, under: plan, at: charges.advance(under: plan, to: now), clock: now)
    }

    /// The error for an account that is refused.
    public var refusal: LedgerError {
        .noRoom(
            "the account is new, and \(plan.limits[0].amount) new accounts came through this process within "
                + "the last hour (accounts.maximumNewPerHour); accounts that are known are served",
            retryAfterMs: retryAfterMs ?? 1_000)
    }
}
