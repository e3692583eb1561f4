// The data plane's metrics that all event loops share: replies, connections and open questions.
// Every counter exists before it is needed, so that counting a request is an increment. Decisions
// are counted by their desk.

import Deciding
import Metrics
import Synchronization

/// Counts replies and connections of all event loops, and reports their open questions.
final class ServerMetrics: Sendable {
    /// By status less 200; nil for those that are never sent.
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

    /// - Returns: how many connections are open now, this one among them.
    func connectionOpened() -> Int {
        let count = openConnections.add(1, ordering: .relaxed).newValue
        connectionsGauge.record(count)
        return count
    }

    func connectionClosed() {
        connectionsGauge.record(openConnections.subtract(1, ordering: .relaxed).newValue)
    }

    /// Records the questions in flight. Called now and then rather than twice for each request.
    func report() { inFlightGauge.record(openQuestions.count) }
}
