// What one account did over time.

/// `GET /v1/accounts/{account}/usage`.
public struct UsageBody: Codable, Equatable, Sendable {
    /// One minute or one hour in which something happened.
    public struct Point: Codable, Equatable, Sendable {
        /// When it started: ms since 1970.
        public var at: Int
        /// Executions admitted.
        public var executions: Int
        /// The execution time of settled executions, in ms.
        public var executionMs: Int
        /// How many of the settled executions ended in `error` or `timeout`.
        public var errors: Int
        /// How often each limit denied, by its name; only limits that denied.
        public var denials: [String: Int]
        /// The peak use of each limit, in percent of its amount, by its name; empty if the request
        /// names a function.
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
        /// `(other)` is every function after the first 100. Executions without a function are in
        /// none.
        public var function: String
        public var executions: Int
        /// ms.
        public var executionMs: Int
        public var errors: Int
        /// By the limit's name; only limits that denied.
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
    /// The function that the request names; nil: all functions together.
    public var function: String?
    /// Oldest first; only periods in which something happened.
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
