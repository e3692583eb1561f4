// A one-time event at the start of the service, and the tasks that wait for it.

import Synchronization

final class Milestone: Sendable {
    private struct State {
        var isReached = false
        var waiting: [AsyncStream<Never>.Continuation] = []
    }

    private let state = Mutex(State())

    /// Marks it as reached. Repeating it has no effect.
    func reach() {
        let waiting = state.withLock { state in
            defer { state = State(isReached: true) }
            return state.waiting
        }
        for continuation in waiting { continuation.finish() }
    }

    /// Waits until it is reached.
    /// - Returns: whether it did within `timeout`; false also when the wait was cancelled before.
    func wait(within timeout: Duration) async -> Bool {
        let (stream, continuation) = AsyncStream.makeStream(of: Never.self)
        let isReached = state.withLock { state in
            if !state.isReached { state.waiting.append(continuation) }
            return state.isReached
        }
        if isReached { return true }
        let timer = Task {
            try? await Task.sleep(for: timeout)
            continuation.finish()
        }
        defer { timer.cancel() }
        for await _ in stream {}
        return state.withLock(\.isReached)
    }
}
