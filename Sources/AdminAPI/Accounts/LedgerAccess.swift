// What the control plane needs of the ledger, as closures of the composition root, because modules
// of one layer do not import each other.

public import Accounting

/// The control plane's access to the ledger.
public struct LedgerAccess: Sendable {
    /// The standing of an account under a plan. Throws `LedgerError`.
    public let standing: @Sendable (Account, Plan) async throws -> Standing
    /// An account's holds, at most `maximum` of them. Logs expired holds first.
    public let holds: @Sendable (Account, _ maximum: Int) async throws -> HeldExecutions
    /// The charges within each window of a plan, cell by cell.
    public let cells: @Sendable (Account, Plan) async throws -> [WindowCells]
    /// Forgets the charges of an account. The plan must be the account's.
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
