// What one account has in place of its plan: another plan, other amounts, or both, perhaps until an
// instant.

/// What one account has in place of the default plan.
public struct AccountOverride: Hashable, Sendable {
    /// The name of the account's plan; nil: the default plan.
    public var plan: String?
    /// Amounts by the limit's name, in place of the plan's.
    public var amounts: [String: Int]
    /// The instant on the ledger's clock at which the override ends. Nil: it stays until it is
    /// removed.
    public var expiresAt: Timestamp?

    public init(plan: String? = nil, amounts: [String: Int] = [:], expiresAt: Timestamp? = nil) {
        self.plan = plan
        self.amounts = amounts
        self.expiresAt = expiresAt
    }

    /// - Parameter plan: the plan whose amounts it changes.
    /// - Throws: ``PlanError`` if the override is empty or a value is invalid.
    public func check(against plan: Plan) throws(PlanError) {
        guard self.plan != nil || !amounts.isEmpty else {
            throw PlanError(
                field: "plan", reason: "is missing, and so are amounts; an override needs one of them")
        }
        for (name, amount) in amounts.sorted(by: { $0.key < $1.key }) {
            let field = "amounts.\(name)"
            guard let limit = plan.limits.first(where: { $0.name == name }) else {
                let known = plan.limits.map(\.name).joined(separator: ", ")
                throw PlanError(
                    field: field, reason: "unknown limit; the plan '\(plan.name)' has: \(known)")
            }
            try PlanError.check(amount, in: limit.meter.amounts, field: field)
        }
    }
}
