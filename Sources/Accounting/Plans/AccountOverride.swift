// What an account has of its own: another plan than the default, other amounts, both perhaps for a
// time only.

/// One account's exception from the default plan.
public struct AccountOverride: Hashable, Sendable {
    /// The account's plan by name; nil leaves it the default.
    public var plan: String?
    /// Amounts by the limit's name, in place of the plan's.
    public var amounts: [String: Int]
    /// On the ledger's clock; from then on it is as if there were no override. Nil: until it is
    /// removed.
    public var expiresAt: Timestamp?

    public init(plan: String? = nil, amounts: [String: Int] = [:], expiresAt: Timestamp? = nil) {
        self.plan = plan
        self.amounts = amounts
        self.expiresAt = expiresAt
    }

    /// Throws if the override is empty or a value is invalid.
    /// - Parameter plan: the one whose amounts it changes.
    public func check(against plan: Plan) throws(PlanError) {
        guard self.plan != nil || !amounts.isEmpty else {
            throw PlanError(
                field: "plan", reason: "is missing, and so are amounts; an override names one of them")
        }
        for (name, amount) in amounts.sorted(by: { $0.key < $1.key }) {
            let field = "amounts.\(name)"
            guard let limit = plan.limits.first(where: { $0.name == name }) else {
                let known = plan.limits.map(\.name).joined(separator: ", ")
                throw PlanError(
                    field: field, reason: "the plan '\(plan.name)' has no such limit; it has: \(known)")
            }
            try PlanError.check(amount, in: limit.meter.amounts, field: field)
        }
    }
}
