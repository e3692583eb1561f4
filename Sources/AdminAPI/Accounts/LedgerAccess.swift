// What the control plane needs of the ledger; the composition root hands it over, because siblings
// do not know each other.

public import Accounting

/// How the control plane looks into the ledger.
public struct LedgerAccess: Sendable {
    /// Where an account stands under a plan. Throws `LedgerError`.
    public let standing: @Sendable (Account, Plan) async throws -> Standing
    /// What it has running, so many of them at most. Holds that expired are logged meanwhile.
    public let holds: @Sendable (Account, _ maximum: Int) async throws -> HeldExecutions
    /// What counts now within each window of a plan, cell by cell.
    public let cells: @Sendable (Account, Plan) async throws -> [WindowCells]
    /// Forgets what was charged to it under a plan, its own.
    public let forget: @Sendable (Account, Plan) async throws -> Void

    public init(
        standing: @escaping @Sendable (Account, Plan) async throws -> Standing,
        holds: @escaping @Sendable (Account, _ maximum: Int) async throws -> HeldExecutions,
        cells: @escaping @Sendable (Account, Plan) async throws -> [WindowCells],
        forget: @escaping @Sendable (Account, Plan) async throws -> Void
    ) {
        self.standing = standing
        self.holds = holds
        self.cells = cells
        self.forget = forget
    }
}
