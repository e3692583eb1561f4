// A verdict without what a settlement returns about the execution, which the rule ignores.

public import Accounting

extension Verdict {
    /// For tables that say what was charged, and no more.
    public var bare: Verdict {
        guard case .settled(let receipt) = self else { return self }
        return .settled(
            Receipt(
                chargedMs: receipt.chargedMs, returnedMs: receipt.returnedMs, overrunMs: receipt.overrunMs))
    }
}

extension Receipt {
    /// Of an execution that nothing is said about.
    public init(chargedMs: Int, returnedMs: Int, overrunMs: Int) {
        let grant = Grant(admittedAt: Timestamp(ms: 0), durationMs: 0)
        self.init(
            chargedMs: chargedMs, returnedMs: returnedMs, overrunMs: overrunMs, grant: grant, label: nil)
    }
}
