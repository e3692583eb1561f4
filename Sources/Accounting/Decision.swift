// What was decided, as a value. Status, headers, body, log and metrics are all functions of it.

public enum Decision: Sendable {
    /// The execution may run: charged now, or already held under this id.
    case admitted(Admitted, Standing)
    case denied(Denial, Ask, Standing)
    case settled(ExecutionID, Receipt, Standing)
    /// Settled before, expired or never admitted; nothing was changed.
    case notHeld(ExecutionID)
    case peeked(Standing)
    /// The plan rules the request out; the ledger was not asked.
    case refused(Refusal)
    /// The ledger could not say, and the plan denies then. The id makes a repetition of an admission safe.
    case unavailable(LedgerError, ExecutionID?)
    /// The ledger could not say, and the plan admits then: it runs unaccounted.
    case degraded(Ask, memoryBytes: Int?, LedgerError)
}

public struct Admitted: Sendable {
    public let id: ExecutionID
    public let grant: Grant
    public let memoryBytes: Int?
    /// The same id was held already, and nothing was charged.
    public let isRepeat: Bool
}

/// Where an account stands against its plan's limits.
public struct Standing: Sendable {
    public let plan: Plan
    /// One per window of the plan.
    public let usage: [Usage]

    public init(plan: Plan, usage: [Usage]) {
        self.plan = plan
        self.usage = usage
    }

    /// What counts against `plan.limits[index]`: executions or ms.
    public func used(of index: Int) -> Int { usage(of: index).used(plan.limits[index].meter) }

    /// What is left of `plan.limits[index]`: executions or ms, never below 0.
    public func remaining(of index: Int) -> Int { max(0, plan.limits[index].amount - used(of: index)) }

    /// The usage within the window of `plan.limits[index]`.
    public func usage(of index: Int) -> Usage { usage[plan.windowOfLimit[index]] }

    /// The least that is left of the plan's `executions` limits: a count; nil when it has none.
    public var executionsRemaining: Int? { leastRemaining(of: .executions) }

    /// The least that is left of the plan's `execution-time` limits, in ms; nil when it has none.
    public var timeRemaining: Int? { leastRemaining(of: .executionTime) }

    private func leastRemaining(of meter: Meter) -> Int? {
        var least: Int?
        for index in plan.limits.indices where plan.limits[index].meter == meter {
            least = min(least ?? .max, remaining(of: index))
        }
        return least
    }
}
