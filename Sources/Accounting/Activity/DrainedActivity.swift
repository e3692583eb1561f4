// The activity that left an `ActivityBook` for the rollups.

/// Drained activity of accounts.
public struct DrainedActivity: Sendable {
    public var activities: [MinuteActivity]
    /// The number of decisions that there was no room for.
    public var uncounted: Int

    public init(activities: [MinuteActivity] = [], uncounted: Int = 0) {
        self.activities = activities
        self.uncounted = uncounted
    }
}
