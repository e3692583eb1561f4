// The errors of the clients when Stint rejects a request or does not answer.

/// Stint rejected a request, or did not answer.
public enum StintError: Error, Sendable, CustomStringConvertible {
    /// Stint replied with a problem. Repeating the same request does not help. A denial (429) of an
    /// execution is not thrown, because it is an answer.
    case rejected(Problem)
    /// No attempt to admit the execution `id` was answered; `reason` is why the last one failed.
    /// Nothing was run. Repeating the admission with the same id is safe.
    case unavailable(id: String, reason: String)

    public var description: String {
        switch self {
        case .rejected(let problem): "\(problem.type.title): \(printable(problem.detail))"
        case .unavailable(let id, let reason):
            "no answer from Stint for execution \(id): \(printable(reason))"
        }
    }

    /// Stint's reply, if there was one.
    public var problem: Problem? {
        switch self {
        case .rejected(let problem): problem
        case .unavailable: nil
        }
    }
}
