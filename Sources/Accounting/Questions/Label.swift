// What an execution runs and how it ended. It is kept for people who read the log; the rule ignores
// it.

/// What an execution runs. Its hold keeps it, because a settlement names the id only and is logged
/// and counted under the label.
public struct Label: Hashable, Sendable {
    /// 1 to 64 bytes.
    public let kind: String
    /// 1 to 256 bytes; nil if the runner named none.
    public let function: String?

    public init(kind: String, function: String?) {
        self.kind = kind
        self.function = function
    }
}

/// How an execution ended, as its runner reports it. It is logged and does not change the charge:
/// failed work costs what it used.
public struct Ending: Hashable, Sendable {
    /// What became of an execution.
    public enum Outcome: String, CaseIterable, Sendable {
        /// It returned.
        case ok
        /// It failed.
        case error
        /// It was stopped at its deadline.
        case timeout
        /// It was admitted and never run.
        case notStarted = "not-started"
    }

    public let outcome: Outcome?
    /// The peak memory: 0 to 2^53-1 bytes.
    public let memoryBytes: Int?

    public static let unreported = Ending(outcome: nil, memoryBytes: nil)

    public init(outcome: Outcome?, memoryBytes: Int?) {
        self.outcome = outcome
        self.memoryBytes = memoryBytes
    }
}
