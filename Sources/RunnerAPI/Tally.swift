// The data plane's metrics. Every counter exists before it is needed, so that counting a request is an
// increment; accounts never become labels.

import Accounting
import Metrics
import Synchronization

/// Counts decisions, replies, connections and questions of all event loops.
final class Tally: Sendable {
    private let verdicts: [Metrics.Counter]
    /// By status less 200; nil for those that are never sent.
    private let responses: [Metrics.Counter?]
    private let denials = Mutex<[String: Metrics.Counter]>([:])
    private let connectionsGauge: Metrics.Gauge
    private let inFlightGauge: Metrics.Gauge
    private let openConnections = Atomic(0)
    private let openQuestions = Atomic(0)
    private let factory: any MetricsFactory

    /// The values of the label `verdict`; a denial is counted for each limit it names.
    private enum Verdict: Int, CaseIterable {
        case admitted, held, settled, notHeld, peeked, refused, unavailable, degraded

        var label: String { self == .notHeld ? "not_held" : "\(self)" }
    }

    init(factory: any MetricsFactory) {
        self.factory = factory
        verdicts = Verdict.allCases.map {
            Metrics.Counter(
                label: "stint_decisions_total", dimensions: [("verdict", $0.label)], factory: factory)
        }
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

    /// Makes the counters of denials by the plans' limits, so that they are told before they count.
    func prepare(for plans: PlanBook) {
        for plan in plans.plans.values {
            for limit in plan.limits { denialCounter(limit: limit.name).increment(by: 0) }
        }
    }

    func count(_ decision: Decision) {
        switch decision {
        case .admitted(let admitted, _): count(admitted.isRepeat ? .held : .admitted)
        case .denied(let denial, _, let standing):
            let limits = standing.plan.limits
            for index in limits.indices where denial.violates(index) {
                denialCounter(limit: limits[index].name).increment()
            }
        case .settled: count(.settled)
        case .notHeld: count(.notHeld)
        case .peeked: count(.peeked)
        case .refused: count(.refused)
        case .unavailable: count(.unavailable)
        case .degraded: count(.degraded)
        }
    }

    /// The counter of denials that name a limit; the same one for every plan that has a limit of this name.
    private func denialCounter(limit: String) -> Metrics.Counter {
        denials.withLock { known in
            if let counter = known[limit] { return counter }
            let counter = Metrics.Counter(
                label: "stint_decisions_total", dimensions: [("verdict", "denied"), ("limit", limit)],
                factory: factory)
            known[limit] = counter
            return counter
        }
    }

    private func count(_ verdict: Verdict) { verdicts[verdict.rawValue].increment() }

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

    /// A question went to the ledger.
    func asked() { openQuestions.add(1, ordering: .relaxed) }

    /// The ledger answered.
    func answered() { openQuestions.subtract(1, ordering: .relaxed) }

    /// Records the questions in flight. Called now and then rather than twice for each request.
    func report() { inFlightGauge.record(openQuestions.load(ordering: .relaxed)) }
}
