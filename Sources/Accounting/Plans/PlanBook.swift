// The snapshot from which the request path reads an account's plan.

/// The plan of every account: an immutable snapshot, replaced as a whole when plans change.
public struct PlanBook: Sendable {
    /// The plan of accounts whose override names no other.
    public let defaultPlan: Plan
    /// Every plan by its name.
    public let plans: [String: Plan]
    /// Every plan that an account may be under: those of ``plans``, and those with other amounts.
    public let variants: [Plan]
    /// The plans of accounts with an override. Accounts with the same plan and amounts share one,
    /// so that their questions can share a call to the ledger.
    private let own: [Account: Plan]

    /// - Throws: ``PlanError`` if two plans share a name, or `name` is unknown.
    public init(plans: [Plan], default name: String) throws(PlanError) {
        try PlanError.check(plans.count, in: Bounds.plans, field: "plans", counting: "plans")
        var byName: [String: Plan] = [:]
        for plan in plans {
            guard byName.updateValue(plan, forKey: plan.name) == nil else {
                throw PlanError(field: "plans.\(plan.name)", reason: "duplicate plan")
            }
        }
        guard let found = byName[name] else {
            let known = byName.keys.sorted().joined(separator: ", ")
            throw PlanError(field: "default", reason: "unknown plan '\(name)'; known: \(known)")
        }
        defaultPlan = found
        self.plans = byName
        variants = Array(byName.values)
        own = [:]
    }

    /// `book` with these overrides instead of its own. Invalid parts of an override are skipped
    /// with a warning; the account keeps every limit of its plan.
    ///
    /// It ignores when overrides expire, and overrides beyond ``Bounds/overrides``.
    public init(
        _ book: PlanBook, overrides: [Account: AccountOverride],
        warn: (_ account: Account, _ complaint: PlanError) -> Void
    ) {
        defaultPlan = book.defaultPlan
        plans = book.plans
        var shared: [Variant: Plan] = [:]
        var own: [Account: Plan] = [:]
        own.reserveCapacity(min(overrides.count, Bounds.overrides.upperBound))
        for (account, override) in overrides {
            guard own.count < Bounds.overrides.upperBound else {
                warn(account, PlanError(field: "accounts", reason: "too many overrides"))
                continue
            }
            let variant = book.variant(override) { warn(account, $0) }
            if let plan = shared[variant] {
                own[account] = plan
            } else {
                let plan =
                    variant.amounts.isEmpty ? variant.plan : Plan(variant.plan, amounts: variant.amounts)
                shared[variant] = plan
                own[account] = plan
            }
        }
        self.own = own
        variants = Array(book.plans.values) + shared.filter { !$0.key.amounts.isEmpty }.values
    }

    /// The built-in plan alone.
    public static func builtIn() throws(PlanError) -> PlanBook {
        try PlanBook(plans: [.serverless()], default: "serverless")
    }

    /// The plan of an account. Used on the request path.
    public func plan(of account: Account) -> Plan {
        own.isEmpty ? defaultPlan : own[account] ?? defaultPlan
    }

    /// The number of accounts with an override.
    public var overrideCount: Int { own.count }

    // MARK: Overrides

    /// A plan and the amounts that differ from it.
    private struct Variant: Hashable {
        let plan: Plan
        let amounts: [String: Int]

        static func == (one: Variant, other: Variant) -> Bool {
            one.plan === other.plan && one.amounts == other.amounts
        }

        func hash(into hasher: inout Hasher) {
            hasher.combine(ObjectIdentifier(plan))
            hasher.combine(amounts)
        }
    }

    /// The valid parts of `override`.
    private func variant(_ override: AccountOverride, warn: (PlanError) -> Void) -> Variant {
        var plan = defaultPlan
        if let name = override.plan {
            if let found = plans[name] {
                plan = found
            } else {
                warn(
                    PlanError(
                        field: "plan", reason: "unknown plan '\(name)'; '\(defaultPlan.name)' is used")
                )
            }
        }
        var amounts: [String: Int] = [:]
        for (name, amount) in override.amounts {
            do throws(PlanError) {
                try AccountOverride(amounts: [name: amount]).check(against: plan)
                if plan.limits.contains(where: { $0.name == name && $0.amount != amount }) {
                    amounts[name] = amount
                }
            } catch {
                warn(error)
            }
        }
        return Variant(plan: plan, amounts: amounts)
    }
}
