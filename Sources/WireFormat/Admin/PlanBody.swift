// Plans and overrides as the admin API shows and accepts them, and as Redis keeps them: JSON in the
// form of the plan file. `PlanText` checks the content of a body; these types are the result.

/// One plan.
///
/// ```json
/// {"kinds":{"function":{"maxDurationMs":10000}},"limits":[{"amount":6000,"cells":60,
///  "meter":"executions","name":"executions","windowMs":60000}],"minimumGrantMs":100,"name":"pro",
///  "resources":{"secrets":50},"whenUnavailable":"deny"}
/// ```
public struct PlanBody: Codable, Hashable, Sendable {
    public struct Limit: Codable, Hashable, Sendable {
        public var name: String
        /// `executions` or `execution-time`.
        public var meter: String
        /// A count, or ms.
        public var amount: Int
        public var windowMs: Int
        public var cells: Int

        public init(name: String, meter: String, amount: Int, windowMs: Int, cells: Int) {
            self.name = name
            self.meter = meter
            self.amount = amount
            self.windowMs = windowMs
            self.cells = cells
        }
    }

    public struct Ceiling: Codable, Hashable, Sendable {
        public var maxDurationMs: Int?
        public var memoryBytes: Int?
        public var payloadBytes: Int?

        public init(maxDurationMs: Int?, memoryBytes: Int?, payloadBytes: Int?) {
            self.maxDurationMs = maxDurationMs
            self.memoryBytes = memoryBytes
            self.payloadBytes = payloadBytes
        }
    }

    public var name: String
    public var limits: [Limit]
    /// Nil: every kind is accepted, without ceilings.
    public var kinds: [String: Ceiling]?
    public var minimumGrantMs: Int
    public var resources: [String: Int]
    /// `deny` or `admit`.
    public var whenUnavailable: String
    /// Only in the reply to a change: why the plan never admits the usual ask. Nil if it does.
    public var warnings: [String]?

    public init(
        name: String, limits: [Limit], kinds: [String: Ceiling]?, minimumGrantMs: Int,
        resources: [String: Int], whenUnavailable: String
    ) {
        self.name = name
        self.limits = limits
        self.kinds = kinds
        self.minimumGrantMs = minimumGrantMs
        self.resources = resources
        self.whenUnavailable = whenUnavailable
    }
}

/// `GET /v1/plans`
public struct PlanListBody: Codable, Hashable, Sendable {
    /// The plan of accounts whose override names no other.
    public var `default`: String
    /// Sorted by name.
    public var plans: [PlanBody]
    /// Names of plans whose text in Redis is damaged; put them again. Absent if there are none.
    public var broken: [String]?

    public init(default name: String, plans: [PlanBody], broken: [String]? = nil) {
        self.default = name
        self.plans = plans
        self.broken = broken
    }
}

/// `PUT /v1/default-plan`
public struct DefaultPlanBody: Codable, Hashable, Sendable {
    public var plan: String

    public init(plan: String) { self.plan = plan }
}
