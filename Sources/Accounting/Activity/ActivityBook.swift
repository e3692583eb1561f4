// Counts what accounts do until the rollups drain it. Each event loop has one, so it needs no lock.

/// What an account did within one minute.
public struct MinuteActivity: Sendable {
    public let account: Account
    /// The number of the minute, counted from 1970.
    public let minute: Int
    public internal(set) var activity: AccountActivity

    package init(account: Account, minute: Int, activity: AccountActivity) {
        (self.account, self.minute, self.activity) = (account, minute, activity)
    }

    /// - Parameter other: activity of the same account and minute.
    public mutating func add(_ other: MinuteActivity) { activity.add(other.activity) }
}

/// The activity of accounts that is not drained yet.
public struct ActivityBook: Sendable {
    /// The maximum number of accounts and functions that are counted at once: some 40 MB.
    public static let maximumEntries = 100_000

    private struct Entry: Sendable {
        var minute: Int
        var activity = AccountActivity()
        /// The plan to whose limits ``peaks`` belong.
        var plan: Plan?
        /// The peak use of each limit, in percent.
        var peaks: [Int] = []

        /// The account and its functions.
        var count: Int { 1 + activity.functions.count }

        /// - Returns: the number of functions that were added.
        mutating func count(
            _ function: String?, _ standing: Standing, mayGrow: Bool, _ change: (inout Activity) -> Void
        ) -> Int {
            look(at: standing)
            change(&activity.total)
            guard let function else { return 0 }
            let before = activity.functions.count
            activity.change(function, mayGrow: mayGrow, change)
            return activity.functions.count - before
        }

        private mutating func look(at standing: Standing) {
            // A share says nothing about the use of the whole limit.
            if standing.isDegraded { return }
            if plan !== standing.plan {
                plan = standing.plan
                peaks = Array(repeating: 0, count: standing.plan.limits.count)
            }
            for index in peaks.indices { peaks[index] = max(peaks[index], standing.percent(of: index)) }
        }

        /// Starts another minute, unless it is the current one.
        /// - Returns: the activity of the previous minute.
        mutating func turn(to minute: Int, of account: Account) -> MinuteActivity? {
            guard self.minute != minute else { return nil }
            let past = snapshot(of: account)
            self = Entry(minute: minute)
            return past
        }

        func snapshot(of account: Account) -> MinuteActivity {
            var activity = activity
            activity.peakPercent.reserveCapacity(peaks.count)
            for (limit, percent) in zip(plan?.limits ?? [], peaks) {
                activity.peakPercent[limit.name] = percent
            }
            return MinuteActivity(account: account, minute: minute, activity: activity)
        }
    }

    /// The current minute; 0 before the first.
    private var minute = 0
    private var entries: [Account: Entry] = [:]
    /// The accounts of ``entries`` in the order in which they came, from ``first`` on. Some have
    /// been drained meanwhile, or appear twice.
    private var order: [Account] = []
    private var first = 0
    /// Activity of past minutes, whose accounts went on.
    private var past: [MinuteActivity] = []
    /// The number of accounts and functions in ``entries`` and ``past``.
    private var entryCount = 0
    private var uncounted = 0

    public init() {}

    // MARK: Counting

    /// Counts a decision of the ledger, or of the process's share of it. Peeks are not counted, nor
    /// what the plan refuses, what nobody could answer, and what runs without a charge.
    public mutating func count(_ decision: Decision, on considered: PreparedQuestion) {
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
                activity.executionTimeMs += durationMs
                if ending.outcome == .error || ending.outcome == .timeout { activity.errors += 1 }
            }
        default: break
        }
    }

    private mutating func count(
        _ account: Account, _ function: String?, _ standing: Standing, _ change: (inout Activity) -> Void
    ) {
        guard let index = place(of: account) else { return uncounted += 1 }
        let mayGrow = entryCount < Self.maximumEntries
        // In place, because an entry has six parts to copy.
        entryCount += entries.values[index].count(function, standing, mayGrow: mayGrow, change)
    }

    /// - Returns: nil if there is no room for one more.
    private mutating func place(of account: Account) -> Dictionary<Account, Entry>.Index? {
        let hasRoom = entryCount < Self.maximumEntries
        if let index = entries.index(forKey: account) {
            // If the book is full, the account keeps counting in its earlier minute.
            if hasRoom, let over = entries.values[index].turn(to: minute, of: account) {
                past.append(over)
                entryCount += 1
            }
            return index
        }
        guard hasRoom else { return nil }
        entryCount += 1
        entries[account] = Entry(minute: minute)
        if order.count - first > 2 * entries.count + 1_000 {
            (order, first) = (Array(entries.keys), 0)
        } else {
            order.append(account)
        }
        return entries.index(forKey: account)
    }

    // MARK: Taking

    /// Starts a minute, in which everything is counted from now on.
    public mutating func begin(minute: Int) {
        if self.minute == 0 {
            for index in entries.values.indices { entries.values[index].minute = minute }
        }
        self.minute = minute
    }

    /// Drains the activity of up to `maximum` accounts, oldest first.
    public mutating func drain(_ maximum: Int) -> [MinuteActivity] {
        var taken = Array(past.prefix(maximum))
        past.removeFirst(taken.count)
        for part in taken { entryCount -= 1 + part.activity.functions.count }
        while taken.count < maximum, first < order.count {
            if let part = remove(order[first]) { taken.append(part) }
            first += 1
        }
        if first > order.count / 2 {
            order.removeFirst(first)
            first = 0
        }
        return taken
    }

    /// Drains what these accounts did since their minute began.
    public mutating func drain(_ accounts: [Account]) -> [MinuteActivity] {
        accounts.compactMap { remove($0) }
    }

    /// The number of decisions without room since the last call.
    public mutating func drainUncounted() -> Int {
        defer { uncounted = 0 }
        return uncounted
    }

    private mutating func remove(_ account: Account) -> MinuteActivity? {
        guard let entry = entries.removeValue(forKey: account) else { return nil }
        entryCount -= entry.count
        return entry.snapshot(of: account)
    }
}
