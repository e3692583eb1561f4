// The counts of this process so far, read from its metrics. The difference of two of them is what
// it does now.

import Prometheus
import WireFormat

struct ProcessCounts: Equatable, Sendable {
    var admitted = 0
    var denied = 0
    var settled = 0
    var unavailable = 0
    /// All decisions; a denial counts once.
    var decisions = 0
    var connections = 0
    /// The durations of calls to the ledger, in seconds; nil if it is in memory.
    var ledger: BucketCounts?

    init() {}

    init(_ metrics: PrometheusMetrics) {
        let verdicts = metrics.counts(of: "stint_decisions_total")
        func count(_ verdict: String) -> Int { verdicts[#"{verdict="\#(verdict)"}"#] ?? 0 }
        admitted = count("admitted")
        settled = count("settled")
        unavailable = count("unavailable") + count("degraded")
        // That metric counts a denial once per limit it names. Every 429 is one denial, and every
        // denial is one 429.
        denied = metrics.counts(of: "stint_http_responses_total")[#"{status="429"}"#] ?? 0
        let others = verdicts.filter { !$0.key.contains(#"verdict="denied""#) }
        decisions = denied + others.values.reduce(0, +)
        connections = Int(metrics.level(of: "stint_http_connections") ?? 0)
        ledger = metrics.buckets(of: "stint_ledger_seconds")
    }

    /// The median and the 99th percentile of calls to the ledger, in ms.
    var ledgerMs: (p50: Double, p99: Double)? {
        guard let ledger, let p50 = ledger.quantile(0.5), let p99 = ledger.quantile(0.99) else { return nil }
        return (p50 * 1_000, p99 * 1_000)
    }

    /// The difference since `before`; `connections` stays the present number.
    func since(_ before: ProcessCounts) -> ProcessCounts {
        var change = self
        change.admitted -= before.admitted
        change.denied -= before.denied
        change.settled -= before.settled
        change.unavailable -= before.unavailable
        change.decisions -= before.decisions
        change.ledger = ledger?.since(before.ledger)
        return change
    }
}

extension LiveBody {
    /// - Parameters:
    ///   - at: the time, in ms since 1970.
    ///   - change: the counts since the previous event.
    ///   - elapsed: the time since the previous event.
    ///   - top: the busiest accounts.
    init(at: Int, _ change: ProcessCounts, in elapsed: Duration, top: [Top]) {
        let seconds = max(elapsed / .seconds(1), 0.001)
        self.init(
            at: at, decisionsPerSecond: Int((Double(change.decisions) / seconds).rounded()),
            admitted: change.admitted, denied: change.denied, settled: change.settled,
            unavailable: change.unavailable, ledgerP50Ms: change.ledgerMs?.p50.micro,
            ledgerP99Ms: change.ledgerMs?.p99.micro, connections: change.connections, top: top)
    }
}

extension Double {
    /// ms to the nearest µs.
    fileprivate var micro: Double { (self * 1_000).rounded() / 1_000 }
}
