// What one account did over time.

/// `GET /v1/accounts/{account}/usage`.
public struct UsageBody: Codable, Equatable, Sendable {
    /// One minute or one hour in which something happened.
    public struct Point: Codable, Equatable, Sendable {
        /// When it began: ms since 1970.
        public var at: Int
        /// Executions that were admitted.
        public var executions: Int
        /// What executions used that were settled, in ms.
        public var executionMs: Int
        /// How many of those ended in `error` or `timeout`.
        public var errors: Int
        /// How often each limit denied, by its name; only those that did.
        public var denials: [String: Int]
        /// The most of each limit that was used, in percent of its amount, by its name; empty where
        /// one function is asked for.
        public var peakPercent: [String: Int]

        public init(
            at: Int, executions: Int, executionMs: Int, errors: Int, denials: [String: Int],
            peakPercent: [String: Int]
        ) {
            self.at = at
            self.executions = executions
            self.executionMs = executionMs
            self.errors = errors
            self.denials = denials
            self.peakPercent = peakPercent
        }
    }

    /// One function over the whole time.
    public struct Function: Codable, Equatable, Sendable {
        /// `(other)` is all that came after 100 others. What runners gave no name is in none.
        public var function: String
        public var executions: Int
        /// ms.
        public var executionMs: Int
        public var errors: Int
        /// By the limit's name; only those that denied.
        public var denials: [String: Int]

        public init(
            function: String, executions: Int, executionMs: Int, errors: Int, denials: [String: Int]
        ) {
            self.function = function
            self.executions = executions
            self.executionMs = executionMs
            self.errors = errors
            self.denials = denials
        }
    }

    public var account: String
    /// ms since 1970; included.
    public var from: Int
    /// ms since 1970; not included.
    public var to: Int
    /// `minute` or `hour`.
    public var step: String
    /// What was asked for; nil: all functions together.
    public var function: String?
    /// Oldest first; only those in which something happened.
    public var points: [Point]
    /// Most executions first.
    public var functions: [Function]

    public init(
        account: String, from: Int, to: Int, step: String, function: String?, points: [Point],
        functions: [Function]
    ) {
        self.account = account
        self.from = from
        self.to = to
        self.step = step
        self.function = function
        self.points = points
        self.functions = functions
    }
}
