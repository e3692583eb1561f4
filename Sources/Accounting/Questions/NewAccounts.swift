// Counts the new accounts of this process within the last hour, because callers choose how much
// memory they take. Redis reports which accounts are new (admit.lua, register.lua). They are
// counted by the same rule as everything else.

import Synchronization

/// A bound on new accounts, shared by the event loops of a process. Calls in flight when it is
/// reached may exceed it by some.
public final class NewAccounts: Sendable {
    private let plan: Plan
    private let now: @Sendable () -> Timestamp
    private let isFull = Atomic(false)
    private let charges = Mutex(Charges())
    private let denied = Mutex(DeniedNames())
    private let ask: Ask

    /// Accounts that were denied and are otherwise unknown. Each is counted once per hour.
    private struct DeniedNames {
        var since = Timestamp(ms: 0)
        /// Hashes of their names, at most as many as the bound.
        var names: Set<Int> = []
    }

    private static let hourMs = 3_600_000

    /// - Parameters:
    ///   - maximumPerHour: 1 to 2,147,483,647.
    ///   - clock: any clock that does not step back.
    public init(maximumPerHour: Int, clock: @escaping @Sendable () -> Timestamp) throws(PlanError) {
        let limit = try Limit(
            name: "new-accounts", meter: .executions, amount: maximumPerHour, windowMs: Self.hourMs)
        plan = try Plan(name: "new-accounts", limits: [limit])
        now = clock
        ask = Ask(id: ExecutionID("new")!, durationMs: 0, minimumMs: 0)
    }

    /// Whether one more new account is accepted.
    public var hasRoom: Bool { !isFull.load(ordering: .relaxed) || retryAfterMs == nil }

    /// The time until one more new account is accepted, in ms; nil: it is accepted now.
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

    /// Counts new accounts.
    public func count(_ accounts: Int) {
        charges.withLock { charges in
            for _ in 0..<accounts { _ = admit(to: &charges) }
            isFull.store(
                charges.used(of: 0, under: plan) >= plan.limits[0].amount, ordering: .relaxed)
        }
    }

    /// Counts an account that was denied and is otherwise unknown.
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

    /// The error for a new account that is refused.
    public var refusal: LedgerError {
        .noRoom(
            "the account is new, and this process counted \(plan.limits[0].amount) new accounts within "
                + "the last hour (accounts.maximumNewPerHour); known accounts are served",
            retryAfterMs: retryAfterMs ?? 1_000)
    }
}
