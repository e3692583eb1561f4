// One call of the script: the questions about some accounts that waited at the same moment, and who
// asked them. Here they become the call's arguments, and its reply becomes their answers.

import Accounting
import NIOCore
import Redis

final class LedgerCall {
    /// Accounts that share a call at most, where one server has them all: beyond that nothing is
    /// gained, and the server is kept from others.
    static let maximumAccounts = 16
    /// Questions that share a call at most.
    static let maximumQuestions = 64
    /// Cells that the questions of a call may walk at most, so that no call keeps the server for
    /// long.
    static let maximumCells = 4_096

    /// A question, and who asked it.
    struct Pending {
        let question: Question
        /// The question names an execution that may be held already. Kept, because it is asked
        /// several times and to ask the question copies it.
        let mayBeHeld: Bool
        /// Where its label stands in the arguments; 0: nowhere.
        let label: UInt8
        let sink: any AnswerSink
    }

    /// The questions about one account, in the order they came.
    struct AccountBatch {
        let account: Account
        let plan: Plan
        var questions: [Pending] = []
        /// How many of them name an execution that may be held.
        var heldCount = 0
    }

    private(set) var batches: [AccountBatch] = []
    /// What the questions of this call want to run, each once: most accounts run few functions.
    private(set) var labels: [Label] = []
    private(set) var questionCount = 0
    private var cellCount = 0
    let ledger: RedisLedger
    /// When it left, on this process's clock.
    var departure = NIODeadline.uptimeNanoseconds(0)
    /// It went with the script's text, because the server did not know the script.
    var wentWithText = false

    init(ledger: RedisLedger) { self.ledger = ledger }

    var accountCount: Int { batches.count }

    /// The hash tag of its keys: all of them where several servers share the accounts, else of the
    /// first.
    var tag: String { batches[0].account.name }

    /// Whether a question under `plan` may still come.
    func hasRoom(for plan: Plan) -> Bool {
        questionCount < LedgerCall.maximumQuestions
            && (questionCount == 0 || cellCount + plan.cellCount <= LedgerCall.maximumCells)
    }

    /// Whether `plan` is what the questions about the account at `place` are under.
    func isUnder(_ plan: Plan, at place: Int) -> Bool { batches[place].plan === plan }

    /// Makes a place for the questions about one more account.
    /// - Returns: where it is.
    func open(_ account: Account, under plan: Plan) -> Int {
        batches.append(AccountBatch(account: account, plan: plan))
        return batches.count - 1
    }

    /// Takes one more question about the account at `place`.
    func append(_ question: Question, at place: Int, from sink: any AnswerSink) {
        let mayBeHeld = question.mayBeHeld
        batches[place].questions.append(
            Pending(question: question, mayBeHeld: mayBeHeld, label: label(of: question), sink: sink))
        if mayBeHeld { batches[place].heldCount += 1 }
        questionCount += 1
        cellCount += batches[place].plan.cellCount
    }

    /// Which label of this call it is, from 1; 0 when none is kept.
    private func label(of question: Question) -> UInt8 {
        guard ledger.keepsLog, case .admit(let ask) = question else { return 0 }
        if let known = labels.lastIndex(of: ask.label) { return UInt8(known + 1) }
        labels.append(ask.label)
        return UInt8(labels.count)
    }

    func fail(_ error: LedgerError) {
        for batch in batches {
            for index in batch.questions.indices {
                if case .outcomeUnknown = error, case .admit(let ask) = batch.questions[index].question {
                    ledger.sweeper.mayHaveAdmitted(ask, about: batch.account, under: batch.plan)
                }
                batch.questions[index].sink.receive(.failure(error))
            }
        }
    }
}

extension LedgerCall: ReplySink {
    func receive(_ reply: Result<RedisReply, RedisFailure>) { ledger.receive(reply, to: self) }
}
