// What is left, and the interval at which a poller keeps within its limits: pure functions of the
// ledger's answer.

/// Where an account stands against its plan's limits.
public struct Standing: Sendable {
    public let plan: Plan
    /// One per window of the plan.
    public let usage: [Usage]

    /// Whether this process answered without the ledger, from its share of the limits.
    public var isDegraded: Bool { plan.overUse != nil }

    public init(plan: Plan, usage: [Usage]) {
        self.plan = plan
        self.usage = usage
    }

    /// What counts against `plan.limits[index]`: executions or ms.
    public func used(of index: Int) -> Int { usage(of: index).used(plan.limits[index].meter) }

    /// What is left of `plan.limits[index]`: executions or ms, never below 0.
    public func remaining(of index: Int) -> Int { max(0, plan.limits[index].amount - used(of: index)) }

    /// The use of `plan.limits[index]`, in percent, rounded down. Above 100 if more was used than
    /// granted, or the amount was lowered.
    public func percent(of index: Int) -> Int {
        let amount = plan.limits[index].amount
        return amount == 0 ? 100 : used(of: index) * 100 / amount
    }

    /// The use of the fullest limit, in percent.
    public var greatestPercent: Int { plan.limits.indices.map(percent).max() ?? 0 }

    /// The usage within the window of `plan.limits[index]`.
    public func usage(of index: Int) -> Usage { usage[plan.windowOfLimit[index]] }

    /// The least that is left of the plan's `executions` limits: a count; nil if it has none.
    public var executionsRemaining: Int? { leastRemaining(of: .executions) }

    /// The least that is left of the plan's `execution-time` limits, in ms; nil if it has none.
    public var timeRemaining: Int? { leastRemaining(of: .executionTime) }

    private func leastRemaining(of meter: Meter) -> Int? {
        var least: Int?
        for index in plan.limits.indices where plan.limits[index].meter == meter {
            least = min(least ?? .max, remaining(of: index))
        }
        return least
    }

    /// How long a poller of this account should wait before its next call, in ms; 0 while every
    /// limit has at most nine tenths used.
    ///
    /// For each limit the wait rises linearly from 0 at nine tenths used to the limit's whole
    /// window when nothing is left; the longest wait counts. Callers that follow it are never
    /// denied if all of them together ask for at most a fortieth of every limit at once, even after
    /// a burst of which nothing leaves for a whole window. Proof: of `N` calls beyond nine tenths,
    /// the j-th is followed by a wait of at least `10j / amount` windows. The waits of `n` callers
    /// between their calls within a window add up to at most `n` windows. So `(N - n) / amount` is
    /// at most the root of `p / 5` with `p = n / amount`, and `p` = 1/40 takes less than the tenth
    /// that is left: 0.025 + 0.071.
    public var suggestedIntervalMs: Int {
        var longest = 0
        for (index, limit) in plan.limits.enumerated() {
            let spareTenths = 10 * remaining(of: index)
            guard spareTenths < limit.amount || limit.amount == 0 else { continue }
            let part = limit.amount == 0 ? 1 : Double(limit.amount - spareTenths) / Double(limit.amount)
            longest = max(longest, Int((part * Double(limit.window.lengthMs)).rounded(.up)))
        }
        return longest
    }
}
