// Writes the lines of a history in a separate thread. No line is lost: if too many wait, the caller
// waits too.

import Dispatch
import Synchronization
import WireFormat

/// Writes the requests and replies of a load.
public final class HistoryWriter: Sendable {
    /// The counts of what was written.
    public struct Summary: Hashable, Sendable {
        public internal(set) var lines = 0
        /// How often the load waited because writing was slower. Its latencies then measure the
        /// recorder rather than the service.
        public internal(set) var waits = 0

        init(lines: Int = 0, waits: Int = 0) {
            self.lines = lines
            self.waits = waits
        }
    }

    /// The most calls of ``write(_:)`` whose lines wait; each has a few hundred lines.
    static let maximumWaiting = 64

    private struct State {
        var summary = Summary()
        var failure: (any Error)?
    }

    private let queue = DispatchQueue(label: "stint.history")
    private let places = DispatchSemaphore(value: maximumWaiting)
    private let state = Mutex(State())
    private let sink: @Sendable ([UInt8]) throws -> Void

    /// - Parameter sink: gets whole lines, from one thread. After it throws, nothing more is
    ///   written.
    public init(sink: @escaping @Sendable ([UInt8]) throws -> Void) { self.sink = sink }

    /// Queues lines. Returns at once, unless the lines of ``maximumWaiting`` calls wait.
    func write(_ lines: [HistoryLine]) {
        guard !lines.isEmpty else { return }
        if places.wait(timeout: .now()) == .timedOut {
            state.withLock { $0.summary.waits += 1 }
            places.wait()
        }
        queue.async { [self] in
            defer { places.signal() }
            guard state.withLock({ $0.failure == nil }) else { return }
            do {
                try sink(Self.bytes(of: lines))
                state.withLock { $0.summary.lines += lines.count }
            } catch {
                state.withLock { $0.failure = error }
            }
        }
    }

    private static func bytes(of lines: [HistoryLine]) -> [UInt8] {
        var text: [UInt8] = []
        text.reserveCapacity(lines.count * 400)
        var writer = JSONWriter()
        for line in lines {
            writer.removeAll()
            line.write(to: &writer)
            text += writer.bytes
            text.append(UInt8(ascii: "\n"))
        }
        return text
    }

    /// ``Summary/waits`` so far.
    var waits: Int { state.withLock { $0.summary.waits } }

    /// Waits until all lines are written.
    /// - Throws: the sink's error.
    public func finish() async throws -> Summary {
        await withCheckedContinuation { done in queue.async { done.resume() } }
        return try state.withLock { state in
            if let failure = state.failure { throw failure }
            return state.summary
        }
    }
}
