// The two ends of a question: the ledger answers it here, and the API that asked gets the decision.
// It is a class to inherit from, not a protocol: an API has an object for each request anyway, and
// the question waits in that object, so that a request needs no allocation.

public import Accounting

/// Keeps one request's question while the ledger has it, and receives the decision.
///
/// It serves one request after another, on its desk's event loop only.
open class DecisionSink: AnswerSink {
    /// A question that the ledger has, and the desk that asked it.
    private struct Pending {
        let question: PreparedQuestion
        let desk: DecisionDesk
    }

    private var pending: Pending?

    public init() {}

    /// Called once for each request, perhaps before ``DecisionDesk/decide(_:to:)`` returns.
    open func decided(_ decision: Decision, about account: Account) {
        preconditionFailure("a subclass must override decided(_:about:)")
    }

    final func waits(for question: PreparedQuestion, at desk: DecisionDesk) {
        precondition(pending == nil, "a second question before the first was answered")
        pending = Pending(question: question, desk: desk)
    }

    public final func receive(_ answer: Result<Answer, LedgerError>) {
        guard let pending = pending.take() else { preconditionFailure("an answer without a question") }
        decided(pending.desk.decision(on: answer, to: pending.question), about: pending.question.account)
    }
}
