// What is asked for again and again, to see whether plans have changed or were lost.

/// Where the plans in Redis are.
public struct PlanStamp: Equatable, Sendable {
    /// Counts the changes.
    public let revision: Int
    /// Another one after Redis was emptied; nil while an earlier version wrote last.
    public let life: String?
}
