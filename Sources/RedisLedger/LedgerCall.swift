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
    private struct Posed {
        let question: Question
        /// The question names an execution that may be held already. Kept, because it is asked
        /// several times and to ask the question copies it.
        let mayBeHeld: Bool
        /// Where its label stands in the arguments; 0: nowhere.
        let label: UInt8
        let sink: any AnswerSink
    }

    /// The questions about one account, in the order they came.
    private struct Part {
        let account: Account
        let plan: Plan
        var questions: [Posed] = []
        /// How many of them name an execution that may be held.
        var heldCount = 0
    }

    private var parts: [Part] = []
    /// What the questions of this call want to run, each once: most accounts run few functions.
    private var labels: [Label] = []
    private(set) var questionCount = 0
    private var cellCount = 0
    private let ledger: RedisLedger
    /// When it left, on this process's clock.
    var departure = NIODeadline.uptimeNanoseconds(0)
    /// It went with the script's text, because the server did not know the script.
    var wentWithText = false

    init(ledger: RedisLedger) { self.ledger = ledger }

    var accountCount: Int { parts.count }

    /// Whether a question under `plan` may still come.
    func hasRoom(for plan: Plan) -> Bool {
        questionCount < LedgerCall.maximumQuestions
            && (questionCount == 0 || cellCount + plan.cellCount <= LedgerCall.maximumCells)
    }

    /// Whether `plan` is what the questions about the account at `place` are under.
    func isUnder(_ plan: Plan, at place: Int) -> Bool { parts[place].plan === plan }

    /// Makes a place for the questions about one more account.
    /// - Returns: where it is.
    func open(_ account: Account, under plan: Plan) -> Int {
        parts.append(Part(account: account, plan: plan))
        return parts.count - 1
    }

    /// Takes one more question about the account at `place`.
    func append(_ question: Question, at place: Int, from sink: any AnswerSink) {
        let mayBeHeld = question.mayBeHeld
        parts[place].questions.append(
            Posed(question: question, mayBeHeld: mayBeHeld, label: label(of: question), sink: sink))
        if mayBeHeld { parts[place].heldCount += 1 }
        questionCount += 1
        cellCount += parts[place].plan.cellCount
    }

    /// Which label of this call it is, from 1; 0 when none is kept.
    private func label(of question: Question) -> UInt8 {
        guard ledger.keepsLog, case .admit(let ask) = question else { return 0 }
        if let known = labels.lastIndex(of: ask.label) { return UInt8(known + 1) }
        labels.append(ask.label)
        return UInt8(labels.count)
    }

    func fail(_ error: LedgerError) {
        for part in parts {
            for index in part.questions.indices {
                if case .outcomeUnknown = error, case .admit(let ask) = part.questions[index].question {
                    ledger.watchLost(ask, about: part.account, under: part.plan)
                }
                part.questions[index].sink.receive(.failure(error))
            }
        }
    }
}

extension LedgerCall: ReplySink {
    func receive(_ reply: Result<RedisReply, RedisFailure>) { ledger.receive(reply, to: self) }
}

// MARK: - The arguments

extension LedgerCall {
    /// EVALSHA or EVAL, the script, the number of keys, the keys, and the arguments.
    var argumentCount: Int { 3 + parts.count + 2 + questionCount + labels.count }

    /// - Parameter refusesNew: accounts that are new are refused.
    func write(to writer: inout CommandWriter, keys: LedgerKeys, clock: Timestamp?, refusesNew: Bool) {
        writer.append(parts.count)
        for part in parts { keys.append(pageOf: part.account, to: &writer) }
        let blank = refusesNew ? " " : ""
        if let clock { writer.append("\(blank)\(clock.ms)") } else { writer.append(blank) }
        writer.append(byteCount: packedByteCount, writePacked)
        for part in parts {
            for mayBeHeld in [true, false] {
                for index in part.questions.indices where part.questions[index].mayBeHeld == mayBeHeld {
                    writer.append(part.questions[index].question.idName)
                }
            }
        }
        for label in labels {
            writer.append(byteCount: label.packedByteCount) { $0.write(label) }
        }
    }

    /// The parts one after the other under one plan, which is written once for all of them.
    private var runs: [Range<Int>] {
        var runs: [Range<Int>] = []
        for index in parts.indices {
            if let last = runs.last, parts[index].plan === parts[last.lowerBound].plan {
                runs[runs.count - 1] = last.lowerBound..<index + 1
            } else {
                runs.append(index..<index + 1)
            }
        }
        return runs
    }

    private var packedByteCount: Int {
        runs.reduce(2 * parts.count + 18 * questionCount) { sum, run in
            let plan = parts[run.lowerBound].plan
            let windows = plan.windows.reduce(0) { $0 + 7 + LedgerKeys.field(of: $1).utf8.count }
            return sum + 19 + windows + 10 * plan.limits.count
        }
    }

    private func writePacked(to buffer: inout ByteBuffer) {
        for run in runs {
            buffer.writeInteger(UInt8(run.count))
            buffer.write(parts[run.lowerBound].plan)
            for part in parts[run] {
                buffer.writeMultipleIntegers(UInt8(part.questions.count), UInt8(part.heldCount))
                // The labels stand behind the ids, which begin at ARGV[3].
                for index in part.questions.indices {
                    let label = part.questions[index].label
                    buffer.write(
                        part.questions[index].question,
                        label: label == 0 ? 0 : label + UInt8(2 + questionCount))
                }
            }
        }
    }
}

extension Question {
    /// It names an execution that may be held already.
    fileprivate var mayBeHeld: Bool {
        switch self {
        case .admit(let ask): !ask.isNew
        case .settle: true
        case .peek: false
        }
    }

    fileprivate var idName: String {
        switch self {
        case .admit(let ask): ask.id.name
        case .settle(let id, _, _): id.name
        case .peek: ""
        }
    }
}

extension ByteBuffer {
    fileprivate mutating func write(_ plan: Plan) {
        writeMultipleIntegers(UInt8(plan.windows.count), UInt8(plan.limits.count))
        for meter in [Meter.executions, .executionTime] {
            let amounts = plan.limits.lazy.filter { $0.meter == meter }.map(\.amount)
            writeNumber(amounts.min() ?? 1 << 53)
        }
        for shape in plan.windows {
            let name = LedgerKeys.field(of: shape)
            writeInteger(UInt32(shape.lengthMs), endianness: .little)
            writeInteger(UInt16(shape.cells), endianness: .little)
            writeInteger(UInt8(name.utf8.count))
            writeString(name)
        }
        for (limit, window) in zip(plan.limits, plan.windowOfLimit) {
            writeMultipleIntegers(UInt8(window + 1), limit.meter.code)
            writeNumber(limit.amount)
        }
    }

    fileprivate mutating func write(_ question: Question, label: UInt8) {
        let (code, label, first, second): (QuestionCode, UInt8, Int, Int) =
            switch question {
            case .admit(let ask): (ask.isNew ? .admitFresh : .admit, label, ask.durationMs, ask.neededMs)
            case .settle(_, let durationMs, let ending):
                (.settle, ending.outcome.code, durationMs, ending.memoryBytes.map { $0 + 1 } ?? 0)
            case .peek: (.peek, 0, 0, 0)
            }
        writeMultipleIntegers(code.rawValue, label)
        writeNumber(first)
        writeNumber(second)
    }

    private mutating func writeNumber(_ number: Int) {
        writeInteger(Double(number).bitPattern, endianness: .little)
    }
}

// MARK: - The reply

extension LedgerCall {
    /// Hands every question its answer. Returns false, with nobody told anything, when these are
    /// not the bytes that the script returns for this call.
    func answer(from reply: ByteBuffer) -> Bool {
        var bytes = reply
        var answers: [Result<Answer, LedgerError>] = []
        answers.reserveCapacity(questionCount)
        var clockSteps = 0
        var newAccounts = 0
        var deniedNew: [Account] = []
        for part in parts {
            if bytes.takeClockStep() { clockSteps += 1 }
            for index in part.questions.indices {
                let verdict = bytes.getInteger(at: bytes.readerIndex).flatMap(VerdictCode.init)
                if verdict == .damaged || verdict == .refusedNew {
                    guard bytes.readSlice(length: 25 + 24 * part.plan.windows.count) != nil else {
                        return false
                    }
                    answers.append(.failure(ledger.refusal(isOfNew: verdict == .refusedNew)))
                } else {
                    if verdict == .admittedNew { newAccounts += 1 }
                    if verdict == .deniedNew { deniedNew.append(part.account) }
                    guard
                        let answer = bytes.readAnswer(
                            to: part.questions[index].question, under: part.plan)
                    else { return false }
                    answers.append(.success(answer))
                }
            }
        }
        var lost: UInt8 = 0
        if bytes.readableBytes == 2, bytes.readInteger() == VerdictCode.lostRows.rawValue {
            lost = bytes.readInteger() ?? 0
        }
        guard bytes.readableBytes == 0 else { return false }
        ledger.noteClockSteps(clockSteps)
        if lost > 0 { ledger.lostRows(Int(lost)) }
        if newAccounts > 0 { ledger.newAccounts?.count(newAccounts) }
        for account in deniedNew { ledger.newAccounts?.countDenied(account) }
        var next = answers.makeIterator()
        for part in parts {
            for index in part.questions.indices {
                guard let answer = next.next() else { continue }
                if case .success(let answer) = answer {
                    ledger.watch(answer.verdict, about: part.account, under: part.plan, since: departure)
                }
                part.questions[index].sink.receive(answer)
            }
        }
        return true
    }
}

/// The latest instant that a ``Timestamp`` can be, in ms.
private let latestMs = 1 << 43

extension ByteBuffer {
    /// A double that is a whole number, `least` to 2^53; nil when it is not.
    private mutating func readNumber(from least: Int = 0) -> Int? {
        readWholeDouble(in: least...1 << 53)
    }

    /// Whether a window of the account that is answered next began anew; then the mark of that
    /// goes.
    fileprivate mutating func takeClockStep() -> Bool {
        guard let verdict: UInt8 = getInteger(at: readerIndex), verdict & VerdictCode.restartMark != 0 else {
            return false
        }
        setInteger(verdict & ~VerdictCode.restartMark, at: readerIndex)
        return true
    }

    /// nil when the script cannot have answered `question`, under `plan`, with it.
    fileprivate mutating func readAnswer(to question: Question, under plan: Plan) -> Answer? {
        guard var verdict = readVerdict(on: question, limits: plan.limits.count) else { return nil }
        var usage: [Usage] = []
        usage.reserveCapacity(plan.windows.count)
        for _ in plan.windows {
            guard let executions = readNumber(), let ms = readNumber(), let leaves = readNumber(from: -1)
            else { return nil }
            usage.append(Usage(executions: executions, ms: ms, oldestLeavesInMs: leaves < 0 ? nil : leaves))
        }
        if case .settled(var receipt) = verdict {
            guard let (grant, label) = readSettled() else { return nil }
            (receipt.grant, receipt.label) = (grant, label)
            verdict = .settled(receipt)
        }
        return Answer(verdict: verdict, usage: usage)
    }

    /// What a settlement says about the hold: its grant, and its label if it had one.
    private mutating func readSettled() -> (Grant, Label?)? {
        guard let admittedAt = readWhole48(), let grantedMs = readWhole48(), admittedAt <= latestMs,
            Bounds.durationMs.contains(grantedMs),
            let length = readInteger(endianness: .little, as: UInt16.self),
            var label = readSlice(length: Int(length))
        else { return nil }
        return (Grant(admittedAt: Timestamp(ms: admittedAt), durationMs: grantedMs), label.readLabel())
    }

    private mutating func readVerdict(on question: Question, limits: Int) -> Verdict? {
        guard let code = readInteger().flatMap(VerdictCode.init), let a = readNumber(from: -1), let b = readNumber(),
            let c = readNumber()
        else { return nil }
        switch (code, question) {
        case (.held, .admit) where Bounds.durationMs.contains(a) && b <= latestMs:
            return .held(Grant(admittedAt: Timestamp(ms: b), durationMs: a))
        case (.admitted, .admit(let ask)) where (0...ask.durationMs).contains(a) && b <= latestMs,
            (.admittedNew, .admit(let ask)) where (0...ask.durationMs).contains(a) && b <= latestMs:
            return .admitted(Grant(admittedAt: Timestamp(ms: b), durationMs: a))
        case (.denied, .admit) where a != 0 && (1..<1 << limits).contains(b),
            (.deniedNew, .admit) where a != 0 && (1..<1 << limits).contains(b):
            return .denied(Denial(violated: UInt32(b), retryAfterMs: a < 0 ? nil : a))
        case (.settled, .settle) where a >= 0:
            // The rest of it follows behind the usage.
            let grant = Grant(admittedAt: Timestamp(ms: 0), durationMs: 0)
            return .settled(
                Receipt(chargedMs: a, returnedMs: b, overrunMs: c, grant: grant, label: nil))
        case (.notHeld, .settle): return .notHeld
        case (.peeked, .peek): return .peeked
        default: return nil
        }
    }
}
