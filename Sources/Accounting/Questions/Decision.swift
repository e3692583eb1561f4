// The decision on a request, as a value. Status, headers, body, log and metrics are functions of
// it.

/// What Stint answers to a request: status, header fields, body and metrics follow from it.
public enum Decision: Sendable {
    /// The execution may run: it was charged now, or its id was held already.
    case admitted(Admitted, Standing)
    case denied(Denial, Ask, Standing)
    case settled(ExecutionID, Receipt, Standing)
    /// Settled before, expired or never admitted; nothing was changed.
    case notHeld(ExecutionID)
    case peeked(Standing)
    /// The plan rules the request out; the ledger was not asked.
    case refused(PlanViolation)
    /// The ledger could not answer, and the plan denies then. With this id, repeating an admission
    /// is safe.
    case unavailable(LedgerError, ExecutionID?)
    /// The ledger could not answer, and the plan admits then without a bound: the execution runs
    /// without a charge.
    case degraded(Ask, memoryBytes: Int?, LedgerError)
}

/// An execution that may run.
public struct Admitted: Sendable {
    public let id: ExecutionID
    public let grant: Grant
    public let memoryBytes: Int?
    /// The id was held already, and nothing was charged.
    public let isRepeat: Bool
}
