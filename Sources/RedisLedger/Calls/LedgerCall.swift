// One call of the script: questions about some accounts that waited at the same moment, and their
// sinks. `LedgerCall` encodes them as arguments and decodes the reply as their answers.

import Accounting
import NIOCore
import Redis

final class LedgerCall {
    /// The maximum number of accounts in a call if one server has all accounts. More would gain
    /// nothing and keep the server busy for longer.
    static let maximumAccounts = 16
    /// The maximum number of questions in a call.
    static let maximumQuestions = 64
    /// The maximum number of cells that the questions of a call may walk, so that no call occupies
    /// the server for long.
    static let maximumCells = 4_096

    /// A question, and the sink that gets its answer.
    struct Pending {
        var question: Question
        /// Whether the question names an execution that may be held already. Stored, because it is
        /// read several times and each computation copies the question.
        var mayBeHeld: Bool
        /// The index of its label in the arguments; 0: it has none.
        let label: UInt8
        let sink: any AnswerSink
    }

    /// The questions about one account, in the order in which they came.
    struct AccountBatch {
        let account: Account
        let plan: Plan
        var questions: [Pending] = []
        /// The number of questions that name an execution that may be held.
        var heldCount = 0
    }

    private(set) var batches: [AccountBatch] = []
    /// The labels of the executions in this call, each once: most accounts run few functions.
    private(set) var labels: [Label] = []
    private(set) var questionCount = 0
    private var cellCount = 0
    let ledger: RedisLedger
    /// When the call was sent, on this process's clock.
    var departure = NIODeadline.uptimeNanoseconds(0)
    /// Where it was sent last.
    var link: RedisLink?
    /// What its reply waits for; nil: nothing.
    var acknowledgement: Acknowledgement?
    /// How often it was sent again, because its server did not have its keys.
    var retries = 0
    /// Whether it is sent for the second time, because the connection of the first ended. The first
    /// may have been applied.
    private(set) var isRepeat = false
    /// Whether the call carried the script's text, because the server did not know the script.
    var wentWithText = false

    init(ledger: RedisLedger) { self.ledger = ledger }

    var accountCount: Int { batches.count }

    /// The hash tag of its keys. If several servers share the accounts, all its keys have this tag;
    /// otherwise it is the tag of the first.
    var tag: String { batches[0].account.name }

    /// Whether one more question under `plan` fits.
    func hasRoom(for plan: Plan) -> Bool {
        questionCount < LedgerCall.maximumQuestions
            && (questionCount == 0 || cellCount + plan.cellCount <= LedgerCall.maximumCells)
    }

    /// Whether the questions about the account at `place` are under `plan`.
    func isUnder(_ plan: Plan, at place: Int) -> Bool { batches[place].plan === plan }

    /// Adds a batch for one more account.
    /// - Returns: its place.
    func open(_ account: Account, under plan: Plan) -> Int {
        batches.append(AccountBatch(account: account, plan: plan))
        return batches.count - 1
    }

    /// Adds a question about the account at `place`.
    func append(_ question: Question, at place: Int, from sink: any AnswerSink) {
        let mayBeHeld = question.mayBeHeld
        batches[place].questions.append(
            Pending(question: question, mayBeHeld: mayBeHeld, label: label(of: question), sink: sink))
        if mayBeHeld { batches[place].heldCount += 1 }
        questionCount += 1
        cellCount += batches[place].plan.cellCount
    }

    /// The number of the question's label in this call, from 1; 0 if no label is kept.
    private func label(of question: Question) -> UInt8 {
        guard ledger.keepsLog, case .admit(let ask) = question else { return 0 }
        if let known = labels.lastIndex(of: ask.label) { return UInt8(known + 1) }
        labels.append(ask.label)
        return UInt8(labels.count)
    }

    /// From now on it asks what was asked before: an id that was made for this call may be held.
    func becomeRepeat() {
        guard !isRepeat else { return }
        isRepeat = true
        for place in batches.indices {
            for index in batches[place].questions.indices {
                guard case .admit(var ask) = batches[place].questions[index].question, ask.isNew else {
                    continue
                }
                ask.isNew = false
                batches[place].questions[index].question = .admit(ask)
                batches[place].questions[index].mayBeHeld = true
                batches[place].heldCount += 1
            }
        }
    }

    /// - Parameter error: for a repeat, what became of that. What became of the first is unknown.
    func fail(_ error: LedgerError) {
        var error = error
        if isRepeat { error = .outcomeUnknown(error.reason) }
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
