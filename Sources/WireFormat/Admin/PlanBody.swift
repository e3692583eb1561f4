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

    /// `"deny"`, `"admit"` or `{"admit":{"share":10}}`.
    public enum WhenUnavailable: Codable, Hashable, Sendable {
        case deny
        case admit
        /// At most this percentage of every limit, 1 to 100, in each process.
        case admitShare(percent: Int)

        private enum Word: String, Codable { case deny, admit }
        private enum Key: String, CodingKey { case admit, share }

        public init(from decoder: any Decoder) throws {
            do {
                let word = try decoder.singleValueContainer().decode(Word.self)
                self = word == .deny ? .deny : .admit
                return
            } catch DecodingError.typeMismatch {
                // An object.
            }
            let admit = try decoder.container(keyedBy: Key.self).nestedContainer(
                keyedBy: Key.self, forKey: .admit)
            self = .admitShare(percent: try admit.decode(Int.self, forKey: .share))
        }

        public func encode(to encoder: any Encoder) throws {
            switch self {
            case .deny, .admit:
                var container = encoder.singleValueContainer()
                try container.encode(self == .deny ? Word.deny : .admit)
            case .admitShare(let percent):
                var container = encoder.container(keyedBy: Key.self)
                var admit = container.nestedContainer(keyedBy: Key.self, forKey: .admit)
                try admit.encode(percent, forKey: .share)
            }
        }
    }

    public var name: String
    public var limits: [Limit]
    /// Nil: every kind is accepted, without ceilings.
    public var kinds: [String: Ceiling]?
    public var minimumGrantMs: Int
    public var resources: [String: Int]
    /// What is answered if the ledger cannot.
    public var whenUnavailable: WhenUnavailable
    /// Only in the reply to a change: why the plan never admits the usual ask. Nil if it does.
    public var warnings: [String]?

    public init(
        name: String, limits: [Limit], kinds: [String: Ceiling]?, minimumGrantMs: Int,
        resources: [String: Int], whenUnavailable: WhenUnavailable
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

/// `GET /v1/processes`
public struct ProcessesBody: Codable, Hashable, Sendable {
    /// The number of Stint processes that share the Redis: 1 or more.
    public var processes: Int

    public init(processes: Int) { self.processes = processes }
}

/// `PUT /v1/default-plan`
public struct DefaultPlanBody: Codable, Hashable, Sendable {
    public var plan: String

    public init(plan: String) { self.plan = plan }
}
