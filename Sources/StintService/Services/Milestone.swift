// Something that happens once while everything starts, and those who go on when it has.

import Synchronization

final class Milestone: Sendable {
    private struct State {
        var isReached = false
        var waiting: [AsyncStream<Never>.Continuation] = []
    }

    private let state = Mutex(State())

    /// It has happened; to say so again changes nothing.
    func reach() {
        let waiting = state.withLock { state in
            defer { state = State(isReached: true) }
            return state.waiting
        }
        for continuation in waiting { continuation.finish() }
    }

    /// Returns as soon as it has happened.
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
