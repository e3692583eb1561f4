// Tells subscribers once a second what this process does. One sampler for all of them, and none
// while there are none. A subscriber that does not keep up loses events, and is let go when it has
// lost too many; it never holds the others.

import Foundation
import Hummingbird
import NIOCore
import Prometheus
import Synchronization
import WireFormat

final class LiveFeed: Sendable {
    static let maximumSubscribers = 64
    static let interval: Duration = .seconds(1)
    /// Events that wait for one subscriber, at most.
    static let maximumWaiting = 2
    /// Events in a row that a subscriber may lose before its connection is given up.
    static let maximumLost = 30

    private struct Subscriber {
        let events: AsyncStream<ByteBuffer>.Continuation
        let letGo: @Sendable () -> Void
        var lost = 0
    }

    private struct State {
        var subscribers: [Int: Subscriber] = [:]
        var latestID = 0
        var isSampling = false
        var top: [LiveBody.Top] = []
        var isReadingTop = false
    }

    private let metrics: PrometheusMetrics
    private let readTop: @Sendable () async -> [LiveBody.Top]
    private let state = Mutex(State())

    /// - Parameter top: asked at most once a second, and not again before it has answered.
    init(metrics: PrometheusMetrics, top: @escaping @Sendable () async -> [LiveBody.Top]) {
        self.metrics = metrics
        readTop = top
    }

    /// One subscriber's place, for as long as somebody has it.
    final class Subscription: Sendable {
        /// As they are sent: `event: live` and one line of data.
        let events: AsyncStream<ByteBuffer>
        private let feed: LiveFeed
        private let id: Int

        fileprivate init(feed: LiveFeed, id: Int, events: AsyncStream<ByteBuffer>) {
            self.feed = feed
            self.id = id
            self.events = events
        }

        deinit { end() }

        /// No more events come.
        func end() { feed.remove(id) }
    }

    /// How many there are now.
    var subscriberCount: Int { state.withLock { $0.subscribers.count } }

    /// - Parameter letGo: called when it has lost too many events; must end what its events are
    ///   sent to.
    /// - Throws: 503 when there are as many as there may be.
    func subscribe(letGo: @escaping @Sendable () -> Void) throws(Problem) -> Subscription {
        let (events, continuation) = AsyncStream.makeStream(
            of: ByteBuffer.self, bufferingPolicy: .bufferingNewest(Self.maximumWaiting))
        let begun = state.withLock { state -> (id: Int, mustSample: Bool)? in
            guard state.subscribers.count < Self.maximumSubscribers else { return nil }
            state.latestID += 1
            state.subscribers[state.latestID] = Subscriber(events: continuation, letGo: letGo)
            defer { state.isSampling = true }
            return (state.latestID, !state.isSampling)
        }
        guard let begun else {
            throw Problem(
                .temporaryReducedCapacity,
                detail:
                    "\(Self.maximumSubscribers) are listening already; close another page, or read /metrics")
        }
        if begun.mustSample { Task { await sample() } }
        return Subscription(feed: self, id: begun.id, events: events)
    }

    private func remove(_ id: Int) {
        state.withLock { $0.subscribers.removeValue(forKey: id) }?.events.finish()
    }

    // MARK: The sampler

    private func sample() async {
        var (before, since) = (ProcessCounts(metrics), ContinuousClock.now)
        while goesOn() {
            readTopIfIdle()
            do { try await Task.sleep(until: since + Self.interval) } catch { break }
            let (counts, now) = (ProcessCounts(metrics), ContinuousClock.now)
            let body = LiveBody(
                at: Int(Date().timeIntervalSince1970 * 1_000), counts.since(before), in: now - since,
                top: state.withLock { $0.top })
            (before, since) = (counts, now)
            publish(body)
        }
    }

    /// Whether anybody listens; if not, the next subscriber begins it all again.
    private func goesOn() -> Bool {
        state.withLock { state in
            state.isSampling = !state.subscribers.isEmpty
            return state.isSampling
        }
    }

    /// A ledger that does not answer must not delay what else there is to tell.
    private func readTopIfIdle() {
        let mayRead = state.withLock { state in
            defer { state.isReadingTop = true }
            return !state.isReadingTop
        }
        guard mayRead else { return }
        Task {
            let top = await readTop()
            state.withLock {
                $0.top = top
                $0.isReadingTop = false
            }
        }
    }

    private func publish(_ body: LiveBody) {
        let data: Data
        do { data = try Response.encoder.encode(body) } catch { return }
        let event = ByteBuffer(string: "event: live\ndata: \(String(decoding: data, as: UTF8.self))\n\n")
        let overdue = state.withLock { state in
            var overdue: [@Sendable () -> Void] = []
            for (id, subscriber) in state.subscribers {
                guard case .dropped = subscriber.events.yield(event) else {
                    state.subscribers[id]?.lost = 0
                    continue
                }
                state.subscribers[id]?.lost += 1
                if subscriber.lost + 1 == Self.maximumLost { overdue.append(subscriber.letGo) }
            }
            return overdue
        }
        for letGo in overdue { letGo() }
    }
}
