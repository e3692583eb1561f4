// The data plane's metrics that all event loops share: replies, connections and open questions. All
// counters are made at start, so that counting a request is one increment. The desk counts
// decisions.

import Deciding
import Metrics
import Synchronization

/// Counts replies and connections of all event loops, and reports their open questions.
final class ServerMetrics: Sendable {
    /// Indexed by status - 200; nil: this status is never sent.
    private let responses: [Metrics.Counter?]
    private let connectionsGauge: Metrics.Gauge
    private let inFlightGauge: Metrics.Gauge
    private let openConnections = Atomic(0)
    let openQuestions = OpenQuestions()
    let factory: any MetricsFactory

    init(factory: any MetricsFactory) {
        self.factory = factory
        responses = (200..<600).map { code in
            Status(rawValue: code).map { _ in
                Metrics.Counter(
                    label: "stint_http_responses_total", dimensions: [("status", "\(code)")], factory: factory
                )
            }
        }
        connectionsGauge = Metrics.Gauge(label: "stint_http_connections", factory: factory)
        inFlightGauge = Metrics.Gauge(label: "stint_http_requests_in_flight", factory: factory)
        report()
    }

    func count(_ status: Status) { responses[status.rawValue - 200]?.increment() }

    // MARK: Gauges

    /// - Returns: the number of open connections, including this one.
    func connectionOpened() -> Int {
        let count = openConnections.add(1, ordering: .relaxed).newValue
        connectionsGauge.record(count)
        return count
    }

    func connectionClosed() {
        connectionsGauge.record(openConnections.subtract(1, ordering: .relaxed).newValue)
    }

    /// Records the questions in flight. Called once a tick, not twice per request.
    func report() { inFlightGauge.record(openQuestions.count) }
}
