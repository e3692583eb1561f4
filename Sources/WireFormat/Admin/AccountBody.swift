// The standing of one account now, and the log of its executions.

/// `GET /v1/accounts/{account}`.
public struct AccountBody: Codable, Equatable, Sendable {
    /// A limit of the account's plan, with the account's own amount.
    public struct Use: Codable, Equatable, Sendable {
        public var name: String
        /// `executions` or `execution-time`.
        public var meter: String
        /// A count, or ms.
        public var amount: Int
        public var used: Int
        /// Never below 0.
        public var remaining: Int
        public var windowMs: Int
        /// Percent of the amount, rounded down. Above 100 if more was used than granted, or the
        /// amount was lowered.
        public var percent: Int

        public init(
            name: String, meter: String, amount: Int, used: Int, remaining: Int, windowMs: Int, percent: Int
        ) {
            self.name = name
            self.meter = meter
            self.amount = amount
            self.used = used
            self.remaining = remaining
            self.windowMs = windowMs
            self.percent = percent
        }
    }

    /// An admitted execution that is not settled yet.
    public struct Held: Codable, Equatable, Sendable {
        public var id: String
        /// Nil if its runner named none, or no log is kept.
        public var function: String?
        /// Nil if no log is kept.
        public var kind: String?
        public var admittedAt: Int
        public var grantedMs: Int
        public var deadline: Int

        public init(
            id: String, function: String?, kind: String?, admittedAt: Int, grantedMs: Int, deadline: Int
        ) {
            self.id = id
            self.function = function
            self.kind = kind
            self.admittedAt = admittedAt
            self.grantedMs = grantedMs
            self.deadline = deadline
        }
    }

    public struct Holds: Codable, Equatable, Sendable {
        public var count: Int
        /// True if there may be more, because the search is bounded. Absent otherwise.
        public var isPartial: Bool?
        /// At most 100, the first admitted ones.
        public var items: [Held]

        public init(count: Int, isPartial: Bool?, items: [Held]) {
            self.count = count
            self.isPartial = isPartial
            self.items = items
        }
    }

    public var account: String
    /// The plan's name.
    public var plan: String
    /// The account's override; absent if it has none.
    public var override: OverrideBody?
    public var limits: [Use]
    public var holds: Holds

    public init(account: String, plan: String, override: OverrideBody?, limits: [Use], holds: Holds) {
        self.account = account
        self.plan = plan
        self.override = override
        self.limits = limits
        self.holds = holds
    }
}

/// `GET /v1/accounts/{account}/executions`: a page of the log, newest first.
public struct ExecutionsBody: Codable, Equatable, Sendable {
    public struct Execution: Codable, Equatable, Sendable {
        public var id: String
        /// Nil if its runner named none.
        public var function: String?
        public var kind: String
        /// When it was settled or its expiry was found: ms since 1970.
        public var at: Int
        public var admittedAt: Int
        public var grantedMs: Int
        /// What it used; for an expired execution its grant, because it was charged that.
        public var durationMs: Int
        /// `ok`, `error`, `timeout`, `not-started` or `expired`; nil if its runner reported none.
        public var outcome: String?
        /// Nil if its runner reported none.
        public var memoryBytes: Int?
        /// The time that it ran beyond its grant.
        public var overrunMs: Int
        /// Whether it ran longer than its kind may, by the account's current plan.
        public var overCeiling: Bool

        public init(
            id: String, function: String?, kind: String, at: Int, admittedAt: Int, grantedMs: Int,
            durationMs: Int, outcome: String?, memoryBytes: Int?, overrunMs: Int, overCeiling: Bool
        ) {
            self.id = id
            self.function = function
            self.kind = kind
            self.at = at
            self.admittedAt = admittedAt
            self.grantedMs = grantedMs
            self.durationMs = durationMs
            self.outcome = outcome
            self.memoryBytes = memoryBytes
            self.overrunMs = overrunMs
            self.overCeiling = overCeiling
        }
    }

    public var executions: [Execution]
    /// Pass it as `before` to get older rows; nil if there are none. A page may end before it is
    /// full.
    public var next: String?

    public init(executions: [Execution], next: String?) {
        self.executions = executions
        self.next = next
    }
}
