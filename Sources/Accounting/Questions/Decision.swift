// What was decided, as a value. Status, headers, body, log and metrics are all functions of it.

/// What is answered to a request: status, header fields, body and metrics follow from it.
public enum Decision: Sendable {
    /// The execution may run: charged now, or already held under this id.
    case admitted(Admitted, Standing)
    case denied(Denial, Ask, Standing)
    case settled(ExecutionID, Receipt, Standing)
    /// Settled before, expired or never admitted; nothing was changed.
    case notHeld(ExecutionID)
    case peeked(Standing)
    /// The plan rules the request out; the ledger was not asked.
    case refused(PlanViolation)
    /// The ledger could not say, and the plan denies then. The id makes a repetition of an
    /// admission safe.
    case unavailable(LedgerError, ExecutionID?)
    /// The ledger could not say, and the plan admits then: it runs unaccounted.
    case degraded(Ask, memoryBytes: Int?, LedgerError)
}

/// An execution that may run.
public struct Admitted: Sendable {
    public let id: ExecutionID
    public let grant: Grant
    public let memoryBytes: Int?
    /// The same id was held already, and nothing was charged.
    public let isRepeat: Bool
}
