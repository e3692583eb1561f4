// Sends subscribers once a second what this process does. All of them share one sampler, which runs
// only while there are any. A slow subscriber loses events and is disconnected when it has lost too
// many; it never delays the others.

import Foundation
import Hummingbird
import NIOCore
import Prometheus
import Synchronization
import WireFormat

final class LiveFeed: Sendable {
    static let maximumSubscribers = 64
    static let interval: Duration = .seconds(1)
    /// The most events that wait for one subscriber.
    static let maximumWaiting = 2
    /// Lost events in a row after which a subscriber is disconnected.
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

    /// - Parameters:
    ///   - metrics: the counts of this process.
    ///   - top: reads the ranking. Called at most once a second, and never twice at the same time.
    init(metrics: PrometheusMetrics, top: @escaping @Sendable () async -> [LiveBody.Top]) {
        self.metrics = metrics
        readTop = top
    }

    /// One subscription. It ends when it is released.
    final class Subscription: Sendable {
        /// The events as they are sent: `event: live` and one line of data.
        let events: AsyncStream<ByteBuffer>
        private let feed: LiveFeed
        private let id: Int

        fileprivate init(feed: LiveFeed, id: Int, events: AsyncStream<ByteBuffer>) {
            self.feed = feed
            self.id = id
            self.events = events
        }

        deinit { end() }

        /// Ends the subscription: no more events come.
        func end() { feed.remove(id) }
    }

    /// The number of subscribers.
    var subscriberCount: Int { state.withLock { $0.subscribers.count } }

    /// Adds a subscriber.
    /// - Parameter letGo: called when it has lost too many events; must close its connection.
    /// - Throws: 503 if there are ``maximumSubscribers`` already.
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
                    "\(Self.maximumSubscribers) clients listen already; close another page, or read /metrics")
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

    /// Whether there is a subscriber. If not, the sampler ends, and the next subscriber starts it.
    private func goesOn() -> Bool {
        state.withLock { state in
            state.isSampling = !state.subscribers.isEmpty
            return state.isSampling
        }
    }

    /// Reads the ranking in a separate task, so that a slow Redis does not delay the other values.
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
