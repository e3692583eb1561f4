// The running executions of an account, for people who look at it.

/// An execution that is admitted and not settled yet.
public struct HeldExecution: Equatable, Sendable {
    public let id: String
    public let grant: Grant
    /// Nil if there is no log, so that labels are not kept.
    public let label: Label?

    public init(id: String, grant: Grant, label: Label?) {
        self.id = id
        self.grant = grant
        self.label = label
    }
}

/// The running executions of an account.
public struct HeldExecutions: Equatable, Sendable {
    public var count: Int
    /// There may be more than ``count``, because the search is bounded.
    public var isPartial: Bool
    /// Some of them, those that were admitted first.
    public var items: [HeldExecution]

    public init(count: Int, isPartial: Bool, items: [HeldExecution]) {
        self.count = count
        self.isPartial = isPartial
        self.items = items
    }
}
