// What left an `ActivityBook` for the rollups.

/// What accounts did, taken from where it was counted.
public struct DrainedActivity: Sendable {
    public var activities: [MinuteActivity]
    /// Decisions that there was no room for.
    public var uncounted: Int

    public init(activities: [MinuteActivity] = [], uncounted: Int = 0) {
        self.activities = activities
        self.uncounted = uncounted
    }
}
