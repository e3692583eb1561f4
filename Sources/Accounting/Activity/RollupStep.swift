// The periods of rollups: minutes and hours.

/// The length of a period. A period is named by its number, counted from 1970.
public enum RollupStep: String, CaseIterable, Sendable {
    case minute, hour

    public var lengthMs: Int { self == .minute ? 60_000 : 3_600_000 }

    /// How long a period is kept after its end, in ms: 48 hours, 90 days.
    public var keptMs: Int { self == .minute ? 48 * 3_600_000 : 90 * 86_400_000 }

    /// The number of periods in a key: the minutes of an hour, the hours of a day.
    package var periodsPerKey: Int { self == .minute ? 60 : 24 }

    /// The time to live of a key, in ms: until its last period has been kept for long enough.
    package var keyStayMs: Int { keptMs + periodsPerKey * lengthMs }

    /// The number of the period that contains an instant.
    package func period(at instant: Timestamp) -> Int { instant.ms / lengthMs }

    /// The periods that start at or after `from` and before `to`.
    package func periods(from: Timestamp, to: Timestamp) -> Range<Int> {
        let first = (from.ms + lengthMs - 1) / lengthMs
        return first..<max(first, (to.ms + lengthMs - 1) / lengthMs)
    }

    package func start(ofPeriod number: Int) -> Timestamp { Timestamp(ms: number * lengthMs) }
}
