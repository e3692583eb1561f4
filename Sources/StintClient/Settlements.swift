// The settlements that are not sent yet, oldest first. While Stint answers they are sent at once.
// While it does not, they are sent one at a time, with growing pauses. Bounded in number and in
// age.

import Synchronization
import WireFormat

final class Settlements: Sendable {
    struct Entry: Sendable {
        let account: String
        let id: String
        let body: SettleBody
        /// After this it is dropped, and its hold expires.
        let until: ContinuousClock.Instant
    }

    private struct State {
        var waiting: [Entry] = []
        var sending = 0
        var dropped = 0
    }

    private static let shortestPause: Duration = .milliseconds(50)
    private static let longestPause: Duration = .seconds(5)

    private let state = Mutex(State())
    private let bound: Int
    /// The most settlements in flight; always fewer than `bound`, unless that is 1.
    private let lanes: Int
    private let timeout: Duration
    /// An element means that there may be something to send.
    private let (calls, caller) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))

    init(bound: Int, timeout: Duration) {
        self.bound = bound
        lanes = min(16, (bound + 1) / 2)
        self.timeout = timeout
    }

    var count: Int { state.withLock { $0.waiting.count + $0.sending } }
    var dropped: Int { state.withLock { $0.dropped } }

    /// Adds a settlement. If there are too many, the oldest is dropped, because its hold expires
    /// first.
    /// - Parameters:
    ///   - body: the settlement.
    ///   - id: the execution.
    ///   - account: its account.
    ///   - isSure: whether it was surely admitted. If not, it is added only while the queue is less
    ///     than half full.
    func add(_ body: SettleBody, id: String, account: String, isSure: Bool = true) {
        let entry = Entry(account: account, id: id, body: body, until: .now + timeout)
        state.withLock {
            let count = $0.waiting.count + $0.sending
            if !isSure, count >= bound / 2 { return }
            $0.waiting.append(entry)
            if count >= bound {
                $0.waiting.removeFirst()
                $0.dropped += 1
            }
        }
        caller.yield()
    }

    /// No more settlements are added: ``send(through:)`` ends when all are sent.
    func finish() { caller.finish() }

    /// Sends settlements until ``finish()``, or until the task is cancelled.
    func send(through client: RunnerClient) async {
        var pause: Duration = .zero
        for await _ in calls {
            while let entries = dequeue(pause == .zero ? lanes : 1) {
                let unsent = await send(entries, through: client)
                putBack(unsent)
                guard !unsent.isEmpty else {
                    pause = .zero
                    continue
                }
                pause = min(Self.longestPause, max(Self.shortestPause, pause * 2))
                // Sleeps for half of the pause to all of it. Only cancellation ends a sleep early.
                do { try await Task.sleep(for: pause * Double.random(in: 0.5...1)) } catch { return }
            }
        }
    }

    private func dequeue(_ limit: Int) -> [Entry]? {
        state.withLock {
            guard !$0.waiting.isEmpty else { return nil }
            let taken = Array($0.waiting.prefix(limit))
            $0.waiting.removeFirst(taken.count)
            $0.sending = taken.count
            return taken
        }
    }

    private func putBack(_ unsent: [Entry]) {
        let now = ContinuousClock.now
        state.withLock {
            let inTime = unsent.filter { now < $0.until }
            $0.dropped += unsent.count - inTime.count
            $0.waiting.insert(contentsOf: inTime, at: 0)
            $0.sending = 0
        }
    }

    /// - Returns: the settlements without an answer.
    private func send(_ entries: [Entry], through client: RunnerClient) async -> [Entry] {
        await withTaskGroup(of: Entry?.self) { group in
            for entry in entries {
                group.addTask { await self.isAnswered(entry, client) ? nil : entry }
            }
            return await group.reduce(into: []) { unsent, entry in
                if let entry { unsent.append(entry) }
            }
        }
    }

    /// Whether it needs no repetition. A 404 is an answer: it was settled before, or never
    /// admitted. Repeating does not help after a rejection, or if the request is invalid.
    private func isAnswered(_ entry: Entry, _ client: RunnerClient) async -> Bool {
        do {
            let status = try await client.settle(entry.id, entry.body, account: entry.account).status
            if ![200, 404, 503].contains(status) { state.withLock { $0.dropped += 1 } }
            return status != 503
        } catch is InvalidRequest {
            state.withLock { $0.dropped += 1 }
            return true
        } catch {
            return false
        }
    }
}
