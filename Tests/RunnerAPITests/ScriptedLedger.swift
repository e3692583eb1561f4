// Ledgers for tests: the real one with a clock that the test moves, and one that answers when the
// test asks for it.

import Accounting
import Synchronization

/// A clock that stands still until it is moved.
final class ManualClock: Sendable {
    static let start = 1_770_000_000_000
    private let ms = Mutex(ManualClock.start)

    var now: Timestamp { Timestamp(ms: ms.withLock { $0 }) }
    func advance(ms step: Int) { ms.withLock { $0 += step } }
}

/// Keeps every question until the test answers it. What it answers is a real ledger's answer, or a
/// failure.
final class ScriptedLedger: Ledger {
    struct Entry {
        let question: Question
        let account: Account
        let plan: Plan
        let sink: any AnswerSink
    }

    private(set) var waiting: [Entry] = []
    /// Everything that was ever put, in order.
    private(set) var asked: [Entry] = []
    private let model: MemoryLedger
    private let onQuestion: () -> Void

    init(clock: ManualClock, onQuestion: @escaping () -> Void = {}) {
        model = MemoryLedger { clock.now }
        self.onQuestion = onQuestion
    }

    func put(_ question: Question, about account: Account, under plan: Plan, to sink: any AnswerSink) {
        let entry = Entry(question: question, account: account, plan: plan, sink: sink)
        waiting.append(entry)
        asked.append(entry)
        onQuestion()
    }

    /// Answers the question that has waited `place` places from the front.
    func answer(_ place: Int = 0) {
        let entry = waiting.remove(at: place)
        entry.sink.receive(model.answer(entry.question, about: entry.account, under: entry.plan))
    }

    /// Answers the question that has waited longest with `answer`.
    func answer(with answer: Answer) { waiting.removeFirst().sink.receive(.success(answer)) }

    func fail(_ error: LedgerError) { waiting.removeFirst().sink.receive(.failure(error)) }

    /// Forgets all questions without an answer, which no real ledger may.
    func loseAll() { waiting = [] }
}

/// Always the same "random" numbers: 1, 2, 3, ...
struct CountingGenerator: RandomNumberGenerator {
    private var count: UInt64 = 0

    mutating func next() -> UInt64 {
        count += 1
        return count
    }
}
