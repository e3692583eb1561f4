// What an execution is and how it ended: kept for people who look at the log, never looked at by
// the rule.

/// What is to run. A hold keeps it, so that a settlement, which names the id alone, is logged and
/// counted under it.
public struct Label: Hashable, Sendable {
    /// 1 to 64 bytes.
    public let kind: String
    /// 1 to 256 bytes; nil when the runner did not say.
    public let function: String?

    public init(kind: String, function: String?) {
        self.kind = kind
        self.function = function
    }
}

/// How an execution ended, as its runner says. It is logged, not charged: failed work costs what it
/// took.
public struct Ending: Hashable, Sendable {
    /// What became of an execution.
    public enum Outcome: String, CaseIterable, Sendable {
        /// It returned.
        case ok
        /// It failed.
        case error
        /// It was stopped at its deadline.
        case timeout
        /// It was admitted and then not run at all.
        case notStarted = "not-started"
    }

    public let outcome: Outcome?
    /// The most memory it used: 0 to 2^53-1 bytes.
    public let memoryBytes: Int?

    public static let untold = Ending(outcome: nil, memoryBytes: nil)

    public init(outcome: Outcome?, memoryBytes: Int?) {
        self.outcome = outcome
        self.memoryBytes = memoryBytes
    }
}
