// How many accounts became known through this process within the last hour: memory that callers
// choose, and so bounded. What is new is Redis' to say (Scripts/Decide/admit.lua); here it is counted, by
// the same rule as everything else.

public import Accounting
import NIOCore
import Synchronization

/// A bound on accounts that are new, shared by the event loops of a process. Calls that are under
/// way when it is reached may go beyond it, by some.
public final class NewAccounts: Sendable {
    private let plan: Plan
    private let now: @Sendable () -> Timestamp
    private let isFull = Atomic(false)
    private let charges = Mutex(Charges())
    private let ask: Ask

    /// - Parameters:
    ///   - maximumPerHour: 1 to 2,147,483,647.
    ///   - clock: any that does not step back; nil is the process's own.
    public init(maximumPerHour: Int, clock: (@Sendable () -> Timestamp)? = nil) throws(PlanError) {
        let limit = try Limit(
            name: "new-accounts", meter: .executions, amount: maximumPerHour, windowMs: 3_600_000)
        plan = try Plan(name: "new-accounts", limits: [limit])
        now = clock ?? { Timestamp(ms: Int(NIODeadline.now().uptimeNanoseconds / 1_000_000)) }
        ask = Ask(id: ExecutionID("new")!, durationMs: 0, minimumMs: 0)
    }

    /// Whether one more may come.
    var hasRoom: Bool { !isFull.load(ordering: .relaxed) || retryAfterMs == nil }

    /// ms until one more may come; nil: it may now.
    var retryAfterMs: Int? {
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
    func count(_ accounts: Int) {
        charges.withLock { charges in
            for _ in 0..<accounts { _ = admit(to: &charges) }
            isFull.store(
                charges.used(of: 0, under: plan) >= plan.limits[0].amount, ordering: .relaxed)
        }
    }

    private func admit(to charges: inout Charges) -> Verdict {
        let now = now()
        return charges.admit(ask, under: plan, at: charges.advance(under: plan, to: now), clock: now)
    }

    /// What an account that is refused is told.
    var refusal: LedgerError {
        .noRoom(
            "the account is new, and \(plan.limits[0].amount) new accounts came through this process within the last hour "
                + "(accounts.maximumNewPerHour); accounts that are known are served",
            retryAfterMs: retryAfterMs ?? 1_000)
    }
}
