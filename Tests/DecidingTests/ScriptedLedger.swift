// A ledger without a rule: it gives the answers of its script, at once or when the test asks for
// them.

import Accounting

final class ScriptedLedger: Ledger {
    struct Entry {
        let question: Question
        let account: Account
        let plan: Plan
        let sink: any AnswerSink
    }

    /// The verdict on each question or why there is none; nil: a test answers with ``answer(_:)``.
    var script: ((Question) -> Result<Verdict, LedgerError>)?
    private(set) var asked: [Entry] = []
    private var waiting: [Entry] = []

    init(_ script: ((Question) -> Result<Verdict, LedgerError>)? = nil) { self.script = script }

    func put(_ question: Question, about account: Account, under plan: Plan, to sink: any AnswerSink) {
        let entry = Entry(question: question, account: account, plan: plan, sink: sink)
        asked.append(entry)
        if let script { answer(entry, script(question)) } else { waiting.append(entry) }
    }

    /// Answers the question that has waited longest.
    func answer(_ verdict: Result<Verdict, LedgerError>) { answer(waiting.removeFirst(), verdict) }

    private func answer(_ entry: Entry, _ verdict: Result<Verdict, LedgerError>) {
        entry.sink.receive(
            verdict.map { verdict in
                Answer(
                    verdict: verdict,
                    usage: entry.plan.windows.map { _ in
                        Usage(executions: 1, executionTimeMs: 10, oldestLeavesInMs: 5)
                    })
            })
    }
}
