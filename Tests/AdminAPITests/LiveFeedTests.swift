// The event of a second has the counts of that second, and no subscriber can harm the others.

import Hummingbird
import HummingbirdTesting
import Logging
import Metrics
import Prometheus
import Synchronization
import TestServers
import Testing
import WireFormat

@testable import AdminAPI

@Suite("The live feed")
struct LiveFeedTests {
    private static func count(
        _ label: String, _ dimensions: [(String, String)], _ by: Int, in metrics: PrometheusMetrics
    ) {
        Counter(label: label, dimensions: dimensions, factory: metrics).increment(by: by)
    }

    @Test("Counts since the last event: a denial once, and nothing that was before")
    func counts() {
        let metrics = PrometheusMetrics(
            [.init("stint_ledger_seconds", "", buckets: [0.001, 0.002, 0.004])],
            logger: Logger.quiet)
        let decisions = "stint_decisions_total"
        func count(admitted: Int, denied: Int) {
            Self.count(decisions, [("verdict", "admitted")], admitted, in: metrics)
            // Each broke both limits.
            for limit in ["executions", "execution-time"] {
                Self.count(decisions, [("verdict", "denied"), ("limit", limit)], denied, in: metrics)
            }
            Self.count("stint_http_responses_total", [("status", "429")], denied, in: metrics)
            Self.count("stint_http_responses_total", [("status", "201")], admitted, in: metrics)
        }
        #expect(ProcessCounts(metrics) == ProcessCounts())
        count(admitted: 1_000, denied: 500)
        let before = ProcessCounts(metrics)
        #expect(before.decisions == 1_500 && before.ledgerMs == nil)
        count(admitted: 40, denied: 3)
        Self.count(decisions, [("verdict", "settled")], 20, in: metrics)
        Self.count(decisions, [("verdict", "not_held")], 7, in: metrics)
        Self.count(decisions, [("verdict", "unavailable")], 2, in: metrics)
        Self.count(decisions, [("verdict", "degraded")], 1, in: metrics)
        Gauge(label: "stint_http_connections", factory: metrics).record(9)
        let timer = Timer(label: "stint_ledger_seconds", factory: metrics)
        for _ in 0..<99 { timer.recordMicroseconds(500) }
        timer.recordMicroseconds(3_000)
        let top = [LiveBody.Top(account: "acme", executions: 12, percent: 34)]
        let body = LiveBody(at: 7, ProcessCounts(metrics).since(before), in: .milliseconds(500), top: top)
        #expect(
            body
                == LiveBody(
                    at: 7, decisionsPerSecond: 146, admitted: 40, denied: 3, settled: 20, unavailable: 3,
                    ledgerP50Ms: 0.505, ledgerP99Ms: 1, connections: 9, top: top))
    }

    @Test(
        "A quantile lies within the bucket that it falls into",
        arguments: [
            ([0, 0, 0], 0.5, nil), ([4, 0, 0], 0.5, 0.5), ([4, 0, 0], 1, 1), ([4, 4, 0], 0.5, 1),
            ([4, 4, 0], 0.75, 1.5), ([0, 4, 0], 0, 1), ([1, 0, 9], 0.99, 2), ([0, 0, 9], 0.01, 2),
        ] as [([Int], Double, Double?)])
    func quantiles(counts: [Int], part: Double, value: Double?) {
        #expect(BucketCounts(bounds: [1, 2], counts: counts).quantile(part) == value)
    }

    @Test("All subscribers hear the same, the slow lose events and are let go, and the 65th is refused")
    func subscribers() async throws {
        let metrics = PrometheusMetrics(logger: Logger.quiet)
        let asked = Mutex(0)
        let feed = LiveFeed(metrics: metrics) {
            asked.withLock { $0 += 1 }
            return [LiveBody.Top(account: "acme", executions: 1, percent: nil)]
        }
        var others = try (2...LiveFeed.maximumSubscribers).map { _ in try feed.subscribe {} }
        let first = try feed.subscribe {}
        #expect(feed.subscriberCount == 64)
        #expect(throws: Problem.self) { try feed.subscribe {} }
        var received: [String] = []
        for await event in first.events {
            received.append(String(buffer: event))
            if received.count == 2 { break }
        }
        #expect(
            received.allSatisfy {
                $0.hasPrefix("event: live\ndata: {\"admitted\":0,") && $0.hasSuffix("}\n\n")
            })
        #expect(received[1].contains(#""top":[{"account":"acme","executions":1}]"#), "\(received)")
        var same = 0
        for await event in others[0].events {
            #expect(received.contains(String(buffer: event)))
            same += 1
            if same == 2 { break }
        }
        #expect(asked.withLock { $0 } <= 4)

        others = []
        try await eventually("they are forgotten") { feed.subscriberCount == 1 }
        first.end()
        var more = 0
        for await _ in first.events { more += 1 }
        #expect(feed.subscriberCount == 0 && more <= LiveFeed.maximumWaiting)
    }
}
