// What an account has running, for people who look at it.

/// An execution that is admitted and not settled yet.
public struct HeldExecution: Equatable, Sendable {
    public let id: String
    public let grant: Grant
    /// Nil when nobody keeps what runs.
    public let label: Label?

    public init(id: String, grant: Grant, label: Label?) {
        self.id = id
        self.grant = grant
        self.label = label
    }
}

/// What an account has running.
public struct HeldExecutions: Equatable, Sendable {
    public var count: Int
    /// There may be more than ``count``, because only so many were looked at.
    public var isPartial: Bool
    /// Some of them, those that were admitted first before others.
    public var items: [HeldExecution]

    public init(count: Int, isPartial: Bool, items: [HeldExecution]) {
        self.count = count
        self.isPartial = isPartial
        self.items = items
    }
}
