// The ledger in memory behind a connection that fails once, at a chosen call.

import Accounting

final class FaultyLedger: Ledger {
    enum Fault: CaseIterable {
        /// Nothing was sent.
        case notApplied
        /// Nobody knows; the ledger never heard of it.
        case lostBefore
        /// Nobody knows; the ledger did it.
        case lostAfter
    }

    let ledger: MemoryLedger
    /// How many questions were put.
    private(set) var calls = 0
    private let failing: (call: Int, fault: Fault)?

    /// - Parameter failing: the first call is number 1.
    init(_ ledger: MemoryLedger, failing: (call: Int, fault: Fault)?) {
        self.ledger = ledger
        self.failing = failing
    }

    func put(_ question: Question, about account: Account, under plan: Plan, to sink: any AnswerSink) {
        calls += 1
        guard let failing, failing.call == calls else {
            ledger.put(question, about: account, under: plan, to: sink)
            return
        }
        switch failing.fault {
        case .notApplied: sink.receive(.failure(.notApplied("no connection")))
        case .lostBefore: sink.receive(.failure(.outcomeUnknown("no answer")))
        case .lostAfter:
            _ = ledger.answer(question, about: account, under: plan)
            sink.receive(.failure(.outcomeUnknown("no answer")))
        }
    }
}
