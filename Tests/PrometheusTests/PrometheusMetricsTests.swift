// The exact bytes of `/metrics` after known counts.

import CoreMetrics
import Logging
import Synchronization
import Testing

@testable import Prometheus

@Suite("Metrics")
struct PrometheusMetricsTests {
    static let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    @Test("Counters with labels come in a stable order, with HELP and TYPE")
    func counters() {
        let metrics = PrometheusMetrics(
            [.init("stint_decisions_total", "Decisions by verdict.\nAnd \\ by limit.")], logger: Self.quiet)
        func counter(_ dimensions: [(String, String)]) -> Counter {
            Counter(label: "stint_decisions_total", dimensions: dimensions, factory: metrics)
        }
        counter([("verdict", "denied"), ("limit", "executions")]).increment()
        counter([("limit", "executions"), ("verdict", "denied")]).increment(by: 2)
        counter([("verdict", "admitted")]).increment(by: 5)
        #expect(
            metrics.text() == #"""
                # HELP stint_decisions_total Decisions by verdict.\nAnd \\ by limit.
                # TYPE stint_decisions_total counter
                stint_decisions_total{limit="executions",verdict="denied"} 3
                stint_decisions_total{verdict="admitted"} 5

                """#)
    }

    @Test("A timer is recorded in nanoseconds and shown in seconds, in cumulative buckets")
    func timer() {
        let metrics = PrometheusMetrics(
            [.init("stint_ledger_seconds", "Ledger calls.", buckets: [50e-6, 0.001, 1])], logger: Self.quiet)
        let timer = Timer(label: "stint_ledger_seconds", factory: metrics)
        timer.recordNanoseconds(50_000)
        timer.recordMicroseconds(750)
        timer.recordMilliseconds(500)
        timer.recordSeconds(2)
        #expect(
            metrics.text() == """
                # HELP stint_ledger_seconds Ledger calls.
                # TYPE stint_ledger_seconds histogram
                stint_ledger_seconds_bucket{le="5e-05"} 1
                stint_ledger_seconds_bucket{le="0.001"} 2
                stint_ledger_seconds_bucket{le="1"} 3
                stint_ledger_seconds_bucket{le="+Inf"} 4
                stint_ledger_seconds_sum 2.5008
                stint_ledger_seconds_count 4

                """)
    }

    @Test("A recorder is a histogram, or a gauge when it does not aggregate; a meter is a gauge")
    func recordersAndMeters() {
        let metrics = PrometheusMetrics(
            [.init("asks", "", buckets: PrometheusMetrics.counts)], logger: Self.quiet)
        Recorder(label: "asks", dimensions: [("loop", "0")], factory: metrics).record(3)
        Recorder(label: "last", aggregate: false, factory: metrics).record(7)
        let meter = Meter(label: "in.flight", factory: metrics)
        meter.increment(by: 4)
        meter.decrement(by: 1.5)
        FloatingPointCounter(label: "seconds", factory: metrics).increment(by: 0.25)
        let text = metrics.text()
        #expect(text.contains("# TYPE in_flight gauge\nin_flight 2.5\n"))
        #expect(text.contains("# TYPE last gauge\nlast 7\n"))
        #expect(text.contains("# TYPE seconds counter\nseconds 0.25\n"))
        #expect(text.contains("asks_bucket{loop=\"0\",le=\"2\"} 0\nasks_bucket{loop=\"0\",le=\"4\"} 1\n"))
        #expect(
            text.contains("asks_bucket{loop=\"0\",le=\"128\"} 1\nasks_bucket{loop=\"0\",le=\"+Inf\"} 1\n"))
    }

    @Test(
        "Names, labels and numbers are written as the format demands",
        arguments: [
            (PrometheusText.name("redis.in-flight"), "redis_in_flight"),
            (PrometheusText.name("9lives"), "_lives"),
            (PrometheusText.name("a:b"), "a:b"),
            (PrometheusText.name("a:b", colons: false), "a_b"),
            (PrometheusText.name(""), "_"),
            (PrometheusText.labels([("p", "a\"b\\c\nd")]), #"{p="a\"b\\c\nd"}"#),
            (PrometheusText.labels([("b", "2"), ("a", "1")]), #"{a="1",b="2"}"#),
            (PrometheusText.number(.infinity), "+Inf"),
            (PrometheusText.number(-.infinity), "-Inf"),
            (PrometheusText.number(.nan), "NaN"),
            (PrometheusText.number(0.1), "0.1"),
            (PrometheusText.number(1e15), "1000000000000000"),
        ])
    func format(written: String, expected: String) {
        #expect(written == expected)
    }

    @Test("Series beyond the bound, and names of another kind, are refused with one log line")
    func bound() {
        let lines = Lines()
        let metrics = PrometheusMetrics(maximumSeries: 2, logger: Logger(label: "test") { _ in lines })
        for index in 0..<5 {
            Counter(label: "a", dimensions: [("index", "\(index)")], factory: metrics).increment()
        }
        Meter(label: "a", factory: metrics).set(1)
        #expect(metrics.text() == "# TYPE a counter\na{index=\"0\"} 1\na{index=\"1\"} 1\n")
        #expect(lines.count == 1)
    }

    @Test("Nothing is lost when several tasks record at once")
    func concurrency() async {
        let metrics = PrometheusMetrics(logger: Self.quiet)
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    let counter = Counter(label: "events", factory: metrics)
                    let meter = Meter(label: "level", factory: metrics)
                    for _ in 0..<10_000 {
                        counter.increment()
                        meter.increment(by: 0.5)
                    }
                }
            }
        }
        #expect(metrics.text() == "# TYPE events counter\nevents 80000\n# TYPE level gauge\nlevel 40000\n")
    }
}

/// Counts log lines.
private final class Lines: LogHandler {
    private let seen = Mutex(0)
    var count: Int { seen.withLock { $0 } }
    var metadata: Logger.Metadata {
        get { [:] }
        set { fatalError("not used: \(newValue)") }
    }
    var logLevel: Logger.Level {
        get { .trace }
        set { fatalError("not used: \(newValue)") }
    }
    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { nil }
        set { fatalError("not used: \(key)") }
    }
    func log(event: LogEvent) { seen.withLock { $0 += 1 } }
}
