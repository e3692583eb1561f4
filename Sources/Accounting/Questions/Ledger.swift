// The interface of every ledger: it takes a question and answers it later. It uses callbacks rather
// than async functions, because a task per request costs more than the whole decision.

/// Where an account's charges are kept and its asks are decided.
///
/// A ledger is used from one event loop, on which it also answers.
public protocol Ledger: AnyObject {
    /// Asks a question about `account`, which is under `plan`. `sink` receives exactly one answer,
    /// perhaps before this returns.
    func put(_ question: Question, about account: Account, under plan: Plan, to sink: any AnswerSink)
}

/// Receives the answer to a question.
public protocol AnswerSink: AnyObject {
    /// Called once for each question, on the ledger's event loop.
    func receive(_ answer: Result<Answer, LedgerError>)
}

/// The ledger could not answer. The text is the reason, for people: it is sent in the reply and
/// never contains an account or an id.
public enum LedgerError: Error, Equatable, Sendable {
    /// The question had no effect: safe to repeat.
    case notApplied(String)
    /// The question may have had an effect. Repeating it is safe only with the same id.
    case outcomeUnknown(String)
    /// The account is new, and there is no room for one more: nothing was applied, and the plan's
    /// `whenUnavailable` is ignored. Repeating it before `retryAfterMs` is of no use.
    case noRoom(String, retryAfterMs: Int)

    /// What is kept of the account is damaged: nothing was applied, and no share is admitted,
    /// because the ledger itself works.
    public static let damaged = LedgerError.notApplied("the account ledger in Redis is damaged")

    public var reason: String {
        switch self {
        case .notApplied(let reason), .outcomeUnknown(let reason), .noRoom(let reason, _): reason
        }
    }

    /// The time until repeating may help, in ms; nil if it is unknown.
    public var retryAfterMs: Int? {
        if case .noRoom(_, let retryAfterMs) = self { retryAfterMs } else { nil }
    }
}
