// The keys by which accounts are ranked.

/// What accounts are ranked by.
public enum RankingKey: String, CaseIterable, Sendable {
    /// Executions admitted: a count.
    case executions
    /// The execution time of settled executions, in ms.
    case executionTime = "execution-time"
    /// Asks denied: a count; an ask counts for each limit that it did not fit.
    case denials
    /// The peak use of any limit, in percent of its amount.
    case percent

    package func amount(of activity: AccountActivity) -> Int {
        switch self {
        case .executions: activity.total.executions
        case .executionTime: activity.total.executionTimeMs
        case .denials: activity.total.denials.values.reduce(0, +)
        case .percent: activity.peakPercent.values.max() ?? 0
        }
    }
}
