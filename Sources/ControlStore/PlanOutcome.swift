// What becomes of a change of plans: made, or refused for a reason that its author can act upon.

public enum PlanOutcome: Equatable, Sendable {
    /// - revision: of the thing changed (or, if it was like that already, when it was changed
    ///   last).
    /// - isNew: it was not there before.
    case done(revision: Int, isNew: Bool)
    case refused(PlanRefusal)
}

public enum PlanRefusal: Equatable, Sendable {
    /// The ``Precondition`` does not hold.
    case preconditionFailed
    /// There is no such plan, or the account has no override.
    case absent
    /// The default plan cannot be deleted.
    case isDefault
    /// So many accounts have this plan.
    case isUsed(accounts: Int)
    /// There are 1,000 plans, or 100,000 overrides, already.
    case tooMany
    /// The plan that it names is not there.
    case unknownPlan
    /// On Redis' clock `expiresAt` is over.
    case hasExpired
    /// On Redis' clock `expiresAt` is still to come.
    case notExpired
}

public enum PlanImportOutcome: Equatable, Sendable {
    case imported
    /// The same text was imported last (or, for the built-in plan: there are plans); nothing was
    /// changed.
    case wasImportedLast
    /// There would be more than 1,000 plans; nothing was changed.
    case tooMany
}
