// Counts what accounts do, between two writings of the rollups. Each event loop has one, so nothing is locked.

/// The activity of accounts since it was last taken.
public struct ActivityBook: Sendable {
    /// Accounts and functions counted one by one at once, at most: some 20 MB.
    public static let maximumEntries = 50_000

    private struct Entry: Sendable {
        var activity = AccountActivity()
        /// What ``peaks`` are of.
        var plan: Plan?
        /// Percent, one for each limit.
        var peaks: [Int] = []

        mutating func look(at standing: Standing) {
            if plan !== standing.plan {
                plan = standing.plan
                peaks = Array(repeating: 0, count: standing.plan.limits.count)
            }
            for index in peaks.indices { peaks[index] = max(peaks[index], standing.percent(of: index)) }
        }
    }

    private var entries: [Account: Entry] = [:]
    private var entryCount = 0
    /// Decisions that there was no room for.
    public private(set) var uncounted = 0

    public init() {}

    /// What was counted, by account.
    public var activities: [Account: AccountActivity] {
        entries.mapValues { entry in
            var activity = entry.activity
            for (limit, percent) in zip(entry.plan?.limits ?? [], entry.peaks) {
                activity.peakPercent[limit.name] = percent
            }
            return activity
        }
    }

    /// Takes out what was counted.
    public mutating func take() -> ActivityBook {
        var taken = ActivityBook()
        swap(&taken, &self)
        return taken
    }

    /// Counts what the ledger decided. Peeks, and what it did not decide (refused, unavailable, degraded), are not counted.
    public mutating func count(_ decision: Decision, on considered: Considered) {
        switch (decision, considered.question) {
        case (.admitted(let admitted, let standing), .admit(let ask)):
            count(considered.account, ask.function, standing) { activity in
                if !admitted.isRepeat { activity.executions += 1 }
            }
        case (.denied(let denial, let ask, let standing), _):
            count(considered.account, ask.function, standing) { activity in
                let limits = standing.plan.limits
                for index in limits.indices where denial.violates(index) {
                    activity.denials[limits[index].name, default: 0] += 1
                }
            }
        case (.settled(_, let receipt, let standing), .settle(_, let durationMs, let ending)):
            count(considered.account, receipt.function, standing) { activity in
                activity.ms += durationMs
                if ending.outcome == .error || ending.outcome == .timeout { activity.errors += 1 }
            }
        default: break
        }
    }

    private mutating func count(
        _ account: Account, _ function: String?, _ standing: Standing, _ change: (inout Activity) -> Void
    ) {
        guard let index = place(of: account) else { return uncounted += 1 }
        change(&entries.values[index].activity.total)
        entries.values[index].look(at: standing)
        guard let function else { return }
        let before = entries.values[index].activity.functions.count
        let mayGrow = entryCount < Self.maximumEntries
        entries.values[index].activity.change(function, mayGrow: mayGrow, change)
        entryCount += entries.values[index].activity.functions.count - before
    }

    /// - Returns: nil when there is no room for one more.
    private mutating func place(of account: Account) -> Dictionary<Account, Entry>.Index? {
        if let index = entries.index(forKey: account) { return index }
        guard entryCount < Self.maximumEntries else { return nil }
        entryCount += 1
        entries[account] = Entry()
        return entries.index(forKey: account)
    }
}
