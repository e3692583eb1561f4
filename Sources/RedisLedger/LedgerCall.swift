// One call of the script: the questions about one account that waited at the same moment, and who asked them.
// Here they become the call's arguments, and its reply becomes their answers.

import Accounting
import NIOCore
import Redis

final class LedgerCall {
    /// Questions that share a call at most: with more, one account would keep the server from all others too long.
    static let maximumQuestions = 64

    let account: Account
    let plan: Plan
    private var questions: [(question: Question, sink: any AnswerSink)] = []
    private let ledger: RedisLedger
    /// When it left, on this process's clock.
    var departure = NIODeadline.uptimeNanoseconds(0)
    /// It went with the script's text, because the server did not know the script.
    var wentWithText = false

    init(account: Account, plan: Plan, ledger: RedisLedger) {
        self.account = account
        self.plan = plan
        self.ledger = ledger
    }

    var count: Int { questions.count }
    var isFull: Bool { questions.count == LedgerCall.maximumQuestions }

    func append(_ question: Question, from sink: any AnswerSink) { questions.append((question, sink)) }

    func fail(_ error: LedgerError) {
        for (_, sink) in questions { sink.receive(.failure(error)) }
    }
}

extension LedgerCall: ReplySink {
    func receive(_ reply: Result<RedisReply, RedisFailure>) { ledger.receive(reply, to: self) }
}

// MARK: - The arguments

extension LedgerCall {
    /// EVALSHA or EVAL, the script, the number of keys, the keys, and the arguments.
    var argumentCount: Int { 3 + 1 + plan.windows.count + 3 + questions.count }

    func write(to writer: inout CommandWriter, keys: LedgerKeys, clock: Timestamp?) {
        writer.append(1 + plan.windows.count)
        writer.append(keys.holds(of: account))
        for shape in plan.windows { writer.append(keys.window(shape, of: account)) }
        if let clock { writer.append(clock.ms) } else { writer.append("") }
        let byteCount = 4 + 6 * plan.windows.count + 10 * plan.limits.count + 17 * questions.count
        writer.append(byteCount: byteCount, writePacked)
        writer.append("")
        for (question, _) in questions {
            switch question {
            case .admit(let ask): writer.append(ask.id.name)
            case .settle(let id, _): writer.append(id.name)
            case .peek: writer.append("")
            }
        }
    }

    private func writePacked(to buffer: inout ByteBuffer) {
        buffer.writeInteger(UInt8(plan.windows.count))
        buffer.writeInteger(UInt8(plan.limits.count))
        buffer.writeInteger(UInt16(questions.count), endianness: .little)
        for shape in plan.windows {
            buffer.writeInteger(UInt32(shape.lengthMs), endianness: .little)
            buffer.writeInteger(UInt16(shape.cells), endianness: .little)
        }
        for (limit, window) in zip(plan.limits, plan.windowOfLimit) {
            buffer.writeInteger(UInt8(window + 1))
            buffer.writeInteger(limit.meter == .executions ? UInt8(0) : 1)
            buffer.writeNumber(limit.amount)
        }
        for (question, _) in questions {
            switch question {
            case .admit(let ask):
                buffer.writeInteger(ask.isNew ? UInt8(1) : 0)
                buffer.writeNumber(ask.durationMs)
                buffer.writeNumber(ask.neededMs)
            case .settle(_, let durationMs):
                buffer.writeInteger(UInt8(2))
                buffer.writeNumber(durationMs)
                buffer.writeNumber(0)
            case .peek:
                buffer.writeInteger(UInt8(3))
                buffer.writeNumber(0)
                buffer.writeNumber(0)
            }
        }
    }
}

// MARK: - The reply

extension LedgerCall {
    /// Hands every question its answer. Returns false, with nobody told anything, when these are not the bytes that
    /// the script returns for this call.
    func answer(from reply: ByteBuffer) -> Bool {
        var bytes = reply
        guard bytes.readableBytes == questions.count * (25 + 24 * plan.windows.count) else { return false }
        var answers: [Answer] = []
        answers.reserveCapacity(questions.count)
        for (question, _) in questions {
            guard let verdict = bytes.readVerdict(on: question, limits: plan.limits.count) else {
                return false
            }
            var usage: [Usage] = []
            usage.reserveCapacity(plan.windows.count)
            for _ in plan.windows {
                guard let executions = bytes.readNumber(), let ms = bytes.readNumber(),
                    let leaves = bytes.readNumber(from: -1)
                else { return false }
                usage.append(
                    Usage(executions: executions, ms: ms, oldestLeavesInMs: leaves < 0 ? nil : leaves))
            }
            answers.append(Answer(verdict: verdict, usage: usage))
        }
        for ((_, sink), answer) in zip(questions, answers) { sink.receive(.success(answer)) }
        return true
    }
}

/// The latest instant that a ``Timestamp`` can be, in ms.
private let latestMs = 1 << 43

extension ByteBuffer {
    fileprivate mutating func writeNumber(_ number: Int) {
        writeInteger(Double(number).bitPattern, endianness: .little)
    }

    /// A double that is a whole number, `least` to 2^53; nil when it is not.
    fileprivate mutating func readNumber(from least: Int = 0) -> Int? {
        guard let bits = readInteger(endianness: .little, as: UInt64.self),
            let number = Int(exactly: Double(bitPattern: bits)), number >= least, number <= 1 << 53
        else { return nil }
        return number
    }

    /// nil when the script cannot have answered `question`, under so many limits, with it.
    fileprivate mutating func readVerdict(on question: Question, limits: Int) -> Verdict? {
        guard let code = readInteger(as: UInt8.self), let a = readNumber(from: -1), let b = readNumber(),
            let c = readNumber()
        else { return nil }
        switch (code, question) {
        case (0, .admit) where Bounds.durationMs.contains(a) && b <= latestMs:
            return .held(Grant(admittedAt: Timestamp(ms: b), durationMs: a))
        case (1, .admit(let ask)) where (0...ask.durationMs).contains(a) && b <= latestMs:
            return .admitted(Grant(admittedAt: Timestamp(ms: b), durationMs: a))
        case (2, .admit) where a != 0 && (1..<1 << limits).contains(b):
            return .denied(Denial(violated: UInt32(b), retryAfterMs: a < 0 ? nil : a))
        case (3, .settle) where a >= 0: return .settled(Receipt(chargedMs: a, returnedMs: b, overrunMs: c))
        case (4, .settle): return .notHeld
        case (5, .peek): return .peeked
        default: return nil
        }
    }
}
