// The snapshot that answers "which plan has this account?" on the request path.

/// Which plan an account has: an immutable snapshot, replaced whole when plans change.
public struct PlanBook: Sendable {
    /// The plan of accounts that have none of their own.
    public let standard: Plan
    /// Every plan by its name.
    public let plans: [String: Plan]

    /// - Throws: ``PlanError`` when two plans share a name, or `standard` names none of them.
    public init(plans: [Plan], standard: String) throws(PlanError) {
        try PlanError.check(plans.count, in: Bounds.plans, field: "plans", counting: "plans")
        var byName: [String: Plan] = [:]
        for plan in plans {
            guard byName.updateValue(plan, forKey: plan.name) == nil else {
                throw PlanError(field: "plans.\(plan.name)", reason: "is there twice")
            }
        }
        guard let found = byName[standard] else {
            let known = byName.keys.sorted().joined(separator: ", ")
            throw PlanError(field: "default", reason: "'\(standard)' is none of the plans (\(known))")
        }
        self.standard = found
        self.plans = byName
    }

    /// The built-in plan alone.
    public static func builtIn() throws(PlanError) -> PlanBook {
        try PlanBook(plans: [.serverless()], standard: "serverless")
    }

    public func plan(of account: Account) -> Plan { standard }
}
