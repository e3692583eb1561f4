// Whether this process should be sent requests: a decision could be made and written now. Liveness
// is another question and is never asked here.

public enum Readiness: Sendable, Equatable {
    case ready
    /// - Parameter reason: a sentence for the person who looks, such as "the ledger does not
    ///   answer".
    case notReady(reason: String)
}
