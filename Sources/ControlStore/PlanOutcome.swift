// The result of a change of plans: done, or refused for a reason that its author can act upon.

public enum PlanOutcome: Equatable, Sendable {
    /// - revision: of the changed thing (or, if it was like that already, of its last change).
    /// - isNew: it did not exist before.
    case done(revision: Int, isNew: Bool)
    case refused(PlanRefusal)
}

public enum PlanRefusal: Equatable, Sendable {
    /// The ``Precondition`` is not met.
    case preconditionFailed
    /// The plan does not exist, or the account has no override.
    case absent
    /// The default plan cannot be deleted.
    case isDefault
    /// This many accounts have the plan.
    case isUsed(accounts: Int)
    /// There are 1,000 plans, or 100,000 overrides, already.
    case tooMany
    /// The plan that it names does not exist.
    case unknownPlan
    /// `expiresAt` is in the past on Redis' clock.
    case hasExpired
    /// `expiresAt` is in the future on Redis' clock.
    case notExpired
}

public enum PlanImportOutcome: Equatable, Sendable {
    case imported
    /// The same text was imported last (or, for the built-in plan, there are plans); nothing
    /// changed.
    case wasImportedLast
    /// There would be more than 1,000 plans; nothing changed.
    case tooMany
}
