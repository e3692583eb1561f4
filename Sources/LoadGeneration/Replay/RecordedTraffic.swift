// The part of a trace that was read and not yet asked for.

import NIOCore
import Traces

/// Executions in the order of the trace; each row as often as its account has copies.
struct RecordedTraffic {
    struct Execution: Hashable {
        let account: Int
        let offsetMs: Int
        let durationMs: Int?
    }

    /// Batches that are kept: one that is replayed, one behind it.
    private static let most = 2

    private let replay: Replay
    /// None of them is empty.
    private var batches = CircularBuffer<TraceBatches.Batch>()
    /// The next row of the first batch, and which copy of it is next.
    private var row = 0
    private var copy = 0
    /// Whether the last batch is there.
    private var isRead = false
    private var problem: TraceError?
    private var isReading = false

    init(_ replay: Replay) { self.replay = replay }

    /// ns from the start to the next execution; nil when there is none, or none yet.
    var next: Int? { batches.first.map { replay.dueNs(offsetMs: $0.rows[row].offsetMs) } }

    /// Whether there is none any more.
    var isOver: Bool { isRead && batches.isEmpty }

    /// Why there is none any more, when that is not the end of the trace.
    var endedBy: TraceError? { isOver ? problem : nil }

    /// Takes the next execution; there must be one.
    mutating func dequeue() -> Execution {
        let taken = batches[batches.startIndex].rows[row]
        let account = replay.account(taken.account, copy: copy)
        copy += 1
        if copy == replay.copies {
            copy = 0
            row += 1
        }
        if row == batches[batches.startIndex].rows.count {
            row = 0
            batches.removeFirst()
        }
        return Execution(account: account, offsetMs: taken.offsetMs, durationMs: taken.durationMs)
    }

    /// Whether more is to be read; the caller does it when told so.
    mutating func readsOn() -> Bool {
        guard !isRead, !isReading, batches.count < Self.most else { return false }
        isReading = true
        return true
    }

    mutating func add(_ batch: TraceBatches.Batch) {
        isReading = false
        isRead = batch.isLast
        problem = batch.problem
        if !batch.rows.isEmpty { batches.append(batch) }
    }
}
