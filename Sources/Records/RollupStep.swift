// How rollups divide time, and what accounts are compared by.

import Accounting

/// The length of a period. A period is named by its number, counted from 1970.
public enum RollupStep: String, CaseIterable, Sendable {
    case minute, hour

    public var lengthMs: Int { self == .minute ? 60_000 : 3_600_000 }

    /// How long a period is kept after it: 48 hours, 90 days.
    public var keptMs: Int { self == .minute ? 48 * 3_600_000 : 90 * 86_400_000 }

    /// How many periods share a key: the minutes of an hour, the hours of a day.
    var periodsPerKey: Int { self == .minute ? 60 : 24 }

    /// A key lives until its last period was kept for long enough.
    var keyStayMs: Int { keptMs + periodsPerKey * lengthMs }

    /// The number of the period that an instant is in.
    func period(at instant: Timestamp) -> Int { instant.ms / lengthMs }

    /// The periods that begin from `from` on and before `to`.
    func periods(from: Timestamp, to: Timestamp) -> Range<Int> {
        let first = (from.ms + lengthMs - 1) / lengthMs
        return first..<max(first, (to.ms + lengthMs - 1) / lengthMs)
    }

    func start(ofPeriod number: Int) -> Timestamp { Timestamp(ms: number * lengthMs) }
}

/// What accounts are compared by.
public enum Measure: String, CaseIterable, Sendable {
    /// Executions admitted: a count.
    case executions
    /// What settled executions used, in ms.
    case executionTime = "execution-time"
    /// Asks denied: a count; an ask counts for each limit that it did not fit.
    case denials
    /// The most that was used of any limit, in percent of its amount.
    case percent

    func amount(of activity: AccountActivity) -> Int {
        switch self {
        case .executions: activity.total.executions
        case .executionTime: activity.total.ms
        case .denials: activity.total.denials.values.reduce(0, +)
        case .percent: activity.peakPercent.values.max() ?? 0
        }
    }
}
