// Decodes the reply to a call as the answers to its questions (Scripts/Decide/call.lua).

import Accounting
import NIOCore

extension LedgerCall {
    /// Gives every question its answer.
    /// - Returns: false, with no question answered, if the script cannot have returned these bytes
    ///   for this call.
    func answer(from reply: ByteBuffer) -> Bool {
        var bytes = reply
        var answers: [Result<Answer, LedgerError>] = []
        answers.reserveCapacity(questionCount)
        var clockSteps = 0
        var newAccounts = 0
        var deniedNew: [Account] = []
        for batch in batches {
            if bytes.readClockStep() { clockSteps += 1 }
            for index in batch.questions.indices {
                let verdict = bytes.getInteger(at: bytes.readerIndex).flatMap(VerdictCode.init)
                if verdict == .damaged || verdict == .refusedNew {
                    guard bytes.readSlice(length: 25 + 24 * batch.plan.windows.count) != nil else {
                        return false
                    }
                    answers.append(.failure(ledger.refusal(isOfNew: verdict == .refusedNew)))
                } else {
                    if verdict == .admittedNew { newAccounts += 1 }
                    if verdict == .deniedNew { deniedNew.append(batch.account) }
                    guard
                        let answer = bytes.readAnswer(
                            to: batch.questions[index].question, under: batch.plan)
                    else { return false }
                    if isRepeat, case .notHeld = answer.verdict {
                        // It is settled, by the first time or before, or was never admitted.
                        answers.append(.failure(.outcomeUnknown("the connection to Redis ended meanwhile")))
                    } else {
                        answers.append(.success(answer))
                    }
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
        for batch in batches {
            for index in batch.questions.indices {
                guard let answer = next.next() else { continue }
                if case .success(let answer) = answer {
                    ledger.sweeper.answered(
                        answer.verdict, about: batch.account, under: batch.plan, since: departure)
                }
                batch.questions[index].sink.receive(answer)
            }
        }
        return true
    }
}

/// The latest instant of a ``Timestamp``, in ms.
private let latestMs = 1 << 43

extension ByteBuffer {
    /// Reads a double that is a whole number from `least` to 2^53; nil for any other.
    private mutating func readNumber(from least: Int = 0) -> Int? {
        readWholeDouble(in: least...1 << 53)
    }

    /// Whether a window of the next account restarted. Removes that mark from the verdict.
    fileprivate mutating func readClockStep() -> Bool {
        guard let verdict: UInt8 = getInteger(at: readerIndex), verdict & VerdictCode.restartMark != 0 else {
            return false
        }
        setInteger(verdict & ~VerdictCode.restartMark, at: readerIndex)
        return true
    }

    /// Reads the answer to `question` under `plan`; nil if the script cannot have returned it.
    fileprivate mutating func readAnswer(to question: Question, under plan: Plan) -> Answer? {
        guard var verdict = readVerdict(on: question, limits: plan.limits.count) else { return nil }
        var usage: [Usage] = []
        usage.reserveCapacity(plan.windows.count)
        for _ in plan.windows {
            guard let executions = readNumber(), let ms = readNumber(), let leaves = readNumber(from: -1)
            else { return nil }
            usage.append(
                Usage(
                    executions: executions, executionTimeMs: ms, oldestLeavesInMs: leaves < 0 ? nil : leaves))
        }
        if case .settled(var receipt) = verdict {
            guard let (grant, label) = readSettled() else { return nil }
            (receipt.grant, receipt.label) = (grant, label)
            verdict = .settled(receipt)
        }
        return Answer(verdict: verdict, usage: usage)
    }

    /// Reads what a settlement returns of the hold: its grant, and its label if it had one.
    private mutating func readSettled() -> (Grant, Label?)? {
        guard let admittedAt = readWhole48(), let grantedMs = readWhole48(), admittedAt <= latestMs,
            Bounds.durationMs.contains(grantedMs),
            let length = readInteger(endianness: .little, as: UInt16.self),
            var label = readSlice(length: Int(length))
        else { return nil }
        return (Grant(admittedAt: Timestamp(ms: admittedAt), durationMs: grantedMs), label.readLabel())
    }

    private mutating func readVerdict(on question: Question, limits: Int) -> Verdict? {
        guard let code = readInteger().flatMap(VerdictCode.init), let a = readNumber(from: -1),
            let b = readNumber(),
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
            // The grant and the label follow the usage.
            let grant = Grant(admittedAt: Timestamp(ms: 0), durationMs: 0)
            return .settled(
                Receipt(chargedMs: a, returnedMs: b, overrunMs: c, grant: grant, label: nil))
        case (.notHeld, .settle): return .notHeld
        case (.peeked, .peek): return .peeked
        default: return nil
        }
    }
}
