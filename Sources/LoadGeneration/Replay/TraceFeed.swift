// Reads a trace ahead of its replay in a separate thread, so that no reply waits for a disk or for
// gzip.

import Dispatch
import Synchronization
public import Traces

/// A trace to replay once.
public final class TraceFeed: Sendable {
    private let queue = DispatchQueue(label: "stint.trace")
    private let batches: Mutex<TraceBatches>
    private let isClosed = Atomic(false)

    public init(_ reader: sending TraceReader, for replay: Replay) {
        batches = Mutex(TraceBatches(reader, copies: replay.copies))
    }

    /// Reads the next rows and passes them to `take`, in the thread of the feed.
    func next(_ take: @escaping @Sendable (TraceBatches.Batch) -> Void) {
        queue.async { [self] in
            let batch = batches.withLock { $0.next() }
            if !isClosed.load(ordering: .acquiring) { take(batch) }
        }
    }

    /// Passes no more rows on.
    func close() { isClosed.store(true, ordering: .releasing) }
}
