// What the clients throw when Stint does not do what it was asked.

/// Stint rejected a request, or could not be asked.
public enum StintError: Error, Sendable, CustomStringConvertible {
    /// Stint replied with a problem. Repeating the same request does not help. A denial (429) of an
    /// execution is not thrown: it is an answer.
    case rejected(Problem)
    /// No attempt to admit the execution `id` was answered; `reason` is what the last one met.
    /// Nothing was run. Repeating the admission with the same id is safe.
    case unavailable(id: String, reason: String)

    public var description: String {
        switch self {
        case .rejected(let problem): "\(problem.type.title): \(printable(problem.detail))"
        case .unavailable(let id, let reason):
            "no answer from Stint for execution \(id): \(printable(reason))"
        }
    }

    /// What Stint replied, if it did.
    public var problem: Problem? {
        switch self {
        case .rejected(let problem): problem
        case .unavailable: nil
        }
    }
}
