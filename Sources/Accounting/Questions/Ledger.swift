// What every ledger is to those above it: somewhere to put a question, and an answer that comes
// back later. Callbacks rather than async functions, because a task per request costs more than the
// whole decision.

/// Where an account's charges are kept and its asks are decided.
///
/// A ledger is used from one event loop, on which it also answers.
public protocol Ledger: AnyObject {
    /// Puts a question about `account`, which is under `plan`. `sink` hears exactly once, perhaps
    /// before this returns.
    func put(_ question: Question, about account: Account, under plan: Plan, to sink: any AnswerSink)
}

/// What hears the answer to a question.
public protocol AnswerSink: AnyObject {
    /// Called once for each question, on the ledger's event loop.
    func receive(_ answer: Result<Answer, LedgerError>)
}

/// The ledger could not say. The text is the reason, for people: it stands in the reply and never
/// contains an account or an id.
public enum LedgerError: Error, Equatable, Sendable {
    /// The question had no effect: safe to repeat.
    case notApplied(String)
    /// It may have been carried out. Repeating it with the same id is safe, and only that.
    case outcomeUnknown(String)
    /// The account is new, and there is no room for one more: nothing was applied, whatever the
    /// plan says of a ledger that is away. Earlier than `retryAfterMs` asking again is of no use.
    case noRoom(String, retryAfterMs: Int)

    public var reason: String {
        switch self {
        case .notApplied(let reason), .outcomeUnknown(let reason), .noRoom(let reason, _): reason
        }
    }

    /// When asking again may be of use, in ms; nil when nobody knows.
    public var retryAfterMs: Int? {
        if case .noRoom(_, let retryAfterMs) = self { retryAfterMs } else { nil }
    }
}
