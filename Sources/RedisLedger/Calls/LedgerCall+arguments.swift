// Encodes the questions of a call as its arguments (Scripts/Decide/call.lua).

import Accounting
import NIOCore
import Redis

extension LedgerCall {
    /// EVALSHA or EVAL, the script, the number of keys, the keys, and the arguments.
    var argumentCount: Int { 3 + batches.count + 2 + questionCount + labels.count }

    /// - Parameter refusesNew: whether new accounts are refused.
    func write(to writer: inout CommandWriter, keys: LedgerKeys, clock: Timestamp?, refusesNew: Bool) {
        writer.append(batches.count)
        for batch in batches { keys.append(accountLedgerOf: batch.account, to: &writer) }
        let blank = refusesNew ? " " : ""
        if let clock { writer.append("\(blank)\(clock.ms)") } else { writer.append(blank) }
        writer.append(byteCount: packedByteCount, writePacked)
        for batch in batches {
            for mayBeHeld in [true, false] {
                for index in batch.questions.indices where batch.questions[index].mayBeHeld == mayBeHeld {
                    writer.append(batch.questions[index].question.id?.name ?? "")
                }
            }
        }
        for label in labels {
            writer.append(byteCount: label.packedByteCount) { $0.write(label) }
        }
    }

    /// Runs of consecutive batches under one plan. The plan is written once per run.
    private var runs: [Range<Int>] {
        var runs: [Range<Int>] = []
        for index in batches.indices {
            if let last = runs.last, batches[index].plan === batches[last.lowerBound].plan {
                runs[runs.count - 1] = last.lowerBound..<index + 1
            } else {
                runs.append(index..<index + 1)
            }
        }
        return runs
    }

    private var packedByteCount: Int {
        runs.reduce(2 * batches.count + 18 * questionCount) { sum, run in
            let plan = batches[run.lowerBound].plan
            let windows = plan.windows.reduce(0) { $0 + 7 + LedgerKeys.field(of: $1).utf8.count }
            return sum + 19 + windows + 10 * plan.limits.count
        }
    }

    private func writePacked(to buffer: inout ByteBuffer) {
        for run in runs {
            buffer.writeInteger(UInt8(run.count))
            buffer.write(batches[run.lowerBound].plan)
            for batch in batches[run] {
                buffer.writeMultipleIntegers(UInt8(batch.questions.count), UInt8(batch.heldCount))
                // The labels follow the ids, which begin at ARGV[3].
                for index in batch.questions.indices {
                    let label = batch.questions[index].label
                    buffer.write(
                        batch.questions[index].question,
                        label: label == 0 ? 0 : label + UInt8(2 + questionCount))
                }
            }
        }
    }
}

extension Question {
    /// Whether it names an execution that may be held already.
    var mayBeHeld: Bool {
        switch self {
        case .admit(let ask): !ask.isNew
        case .settle: true
        case .peek: false
        }
    }
}

extension ByteBuffer {
    fileprivate mutating func write(_ plan: Plan) {
        writeMultipleIntegers(UInt8(plan.windows.count), UInt8(plan.limits.count))
        for meter in Meter.allCases {
            let amounts = plan.limits.lazy.filter { $0.meter == meter }.map(\.amount)
            writeNumber(amounts.min() ?? Bounds.unboundedAmount)
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
