// Payments that go to the ledger together, and what became of them.

import Accounting

/// One round of payments; used on the event loop of its ledger only.
final class PaymentRound {
    private let degraded: DegradedLedger
    private let done: (_ accepted: Int, _ failed: Int) -> Void
    private var open: Int
    private var accepted = 0
    private var failed = 0

    /// - Parameters:
    ///   - count: the number of payments, at least 1.
    ///   - degraded: where they come from.
    ///   - done: called once, after the last answer.
    init(_ count: Int, of degraded: DegradedLedger, done: @escaping (_ accepted: Int, _ failed: Int) -> Void)
    {
        open = count
        self.degraded = degraded
        self.done = done
    }

    func sink(for payment: Payment) -> any AnswerSink { Sink(payment: payment, round: self) }

    private func receive(_ answer: Result<Answer, LedgerError>, on payment: Payment) {
        if degraded.receive(answer, on: payment) { accepted += 1 } else { failed += 1 }
        open -= 1
        if open == 0 { done(accepted, failed) }
    }

    private final class Sink: AnswerSink {
        private let payment: Payment
        private let round: PaymentRound

        init(payment: Payment, round: PaymentRound) { (self.payment, self.round) = (payment, round) }

        func receive(_ answer: Result<Answer, LedgerError>) { round.receive(answer, on: payment) }
    }
}
