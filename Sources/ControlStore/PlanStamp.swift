// A small value that is read repeatedly, to notice that plans changed or were lost.

/// The state of the plans in Redis.
public struct PlanStamp: Equatable, Sendable {
    /// The number of the last change.
    public let revision: Int
    /// Changes when Redis was emptied; nil while an earlier version wrote last.
    public let life: String?
}
