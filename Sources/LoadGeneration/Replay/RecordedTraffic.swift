// The part of a trace that was read and not yet replayed.

import NIOCore
import Traces

/// Executions in the order of the trace, with each row once per copy of its account.
struct RecordedTraffic {
    struct Execution: Hashable {
        let account: Int
        let offsetMs: Int
        let durationMs: Int?
    }

    /// The most batches: the one that is replayed, and the next.
    private static let most = 2

    private let replay: Replay
    /// The batches, none of them empty.
    private var batches = CircularBuffer<TraceBatches.Batch>()
    /// The next row of the first batch, and its next copy.
    private var row = 0
    private var copy = 0
    /// Whether the last batch was read.
    private var isRead = false
    private var problem: TraceError?
    private var isReading = false

    init(_ replay: Replay) { self.replay = replay }

    /// The time from the start to the next execution, in ns; nil if there is none, or none yet.
    var next: Int? { batches.first.map { replay.dueNs(offsetMs: $0.rows[row].offsetMs) } }

    /// Whether all executions were taken.
    var isOver: Bool { isRead && batches.isEmpty }

    /// The error that ended the trace early; nil: none.
    var endedBy: TraceError? { isOver ? problem : nil }

    /// Removes and returns the next execution; there must be one.
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

    /// - Returns: whether the caller must read another batch now.
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
