// What one account stands at now, and what became of its executions.

/// `GET /v1/accounts/{account}`.
public struct AccountBody: Codable, Equatable, Sendable {
    /// A limit of the account's plan, its own amounts included.
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
        /// Of the amount, rounded down; above 100 when more was used than granted, or the amount
        /// was lowered.
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

    /// An execution that is admitted and not settled yet.
    public struct Held: Codable, Equatable, Sendable {
        public var id: String
        /// Nil when its runner did not say, or no log is kept.
        public var function: String?
        /// Nil when no log is kept.
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
        /// There may be more: only so many were looked at. Absent otherwise.
        public var isPartial: Bool?
        /// At most 100, those that were admitted first.
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
    /// What the account has of its own; absent when it has nothing.
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
        /// Nil when its runner did not say.
        public var function: String?
        public var kind: String
        /// When it was settled or found expired: ms since 1970.
        public var at: Int
        public var admittedAt: Int
        public var grantedMs: Int
        /// What it used; of an expired one its grant, which it was charged.
        public var durationMs: Int
        /// `ok`, `error`, `timeout`, `not-started` or `expired`; nil when its runner did not say.
        public var outcome: String?
        /// Nil when its runner did not say.
        public var memoryBytes: Int?
        /// By how much it ran past its grant.
        public var overrunMs: Int
        /// It ran longer than its kind may, by the account's plan of now.
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
    /// Give it as `before` for older ones; nil when there are none. A page may end before it is
    /// full.
    public var next: String?

    public init(executions: [Execution], next: String?) {
        self.executions = executions
        self.next = next
    }
}
