// The metrics of decisions, for one event loop. It keeps the handles, so that no loop waits for
// another; all loops share the values. Accounts never become labels.

import Accounting
import Metrics

/// Counts the decisions of one event loop; used on it only.
final class DecisionMetrics {
    private let verdicts: [Metrics.Counter]
    /// Denials by the limit's name; all plans with a limit of this name share the counter.
    private var denials: [String: Metrics.Counter] = [:]
    private let factory: any MetricsFactory

    /// The values of the label `verdict`; a denial is counted for each limit it names.
    private enum Verdict: Int, CaseIterable {
        case admitted, held, settled, notHeld, peeked, refused, unavailable, degraded, noRoom

        var label: String {
            switch self {
            case .notHeld: "not_held"
            case .noRoom: "no_room"
            default: "\(self)"
            }
        }
    }

    init(factory: any MetricsFactory) {
        self.factory = factory
        verdicts = Verdict.allCases.map {
            Metrics.Counter(
                label: "stint_decisions_total", dimensions: [("verdict", $0.label)], factory: factory)
        }
    }

    /// Creates the counters of denials for the plans' limits, so that they are exported before they
    /// count.
    func prepare(for plans: PlanBook) {
        denials = [:]
        for plan in plans.plans.values {
            for limit in plan.limits { denialCounter(limit: limit.name).increment(by: 0) }
        }
    }

    func count(_ decision: Decision) {
        switch decision {
        case .admitted(_, let standing) where standing.isDegraded: count(.degraded)
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
        case .unavailable(.noRoom, _): count(.noRoom)
        case .unavailable: count(.unavailable)
        case .degraded: count(.degraded)
        }
    }

    private func denialCounter(limit: String) -> Metrics.Counter {
        if let counter = denials[limit] { return counter }
        let counter = Metrics.Counter(
            label: "stint_decisions_total", dimensions: [("verdict", "denied"), ("limit", limit)],
            factory: factory)
        denials[limit] = counter
        return counter
    }

    private func count(_ verdict: Verdict) { verdicts[verdict.rawValue].increment() }
}
