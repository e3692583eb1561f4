// Readiness: whether a decision could be made and written now. Liveness does not depend on it.

public enum Readiness: Sendable, Equatable {
    case ready
    /// - Parameter reason: a sentence for people, such as "the ledger does not answer".
    case notReady(reason: String)
}
