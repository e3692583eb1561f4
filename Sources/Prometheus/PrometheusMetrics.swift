// The factory of every `Counter`, `Recorder`, `Meter` and `Timer` of the process. It is passed to
// the code that measures; nothing is global. It keeps one handler per name and labels, and renders
// all of them for `/metrics`. Recording uses only atomics; the lock guards the table of metrics.

public import CoreMetrics
public import Logging
import Synchronization

public final class PrometheusMetrics: MetricsFactory {
    /// The description of a metric. Without one, a metric has no HELP line and default buckets.
    public struct Description: Sendable {
        package let name: String
        package let help: String
        let buckets: [Double]

        /// - Parameters:
        ///   - name: the metric.
        ///   - help: what it counts, for its HELP line.
        ///   - buckets: the upper bounds of a histogram, ascending; in seconds for timers.
        public init(_ name: String, _ help: String, buckets: [Double] = PrometheusMetrics.seconds) {
            self.name = name
            self.help = help
            self.buckets = buckets
        }
    }

    /// 50 µs to 1 s, the range of a ledger call.
    public static let seconds: [Double] = [
        50e-6, 100e-6, 250e-6, 500e-6, 1e-3, 2.5e-3, 5e-3, 10e-3, 25e-3, 50e-3, 100e-3, 250e-3, 500e-3, 1,
    ]
    /// 1 to 128, doubling, for sizes of groups.
    public static let counts: [Double] = [1, 2, 4, 8, 16, 32, 64, 128]

    struct Family {
        let kind: PrometheusKind
        let description: Description
        /// The series by rendered labels, such as `{limit="executions"}`.
        var series: [String: any PrometheusSeries] = [:]
    }

    private struct Table {
        var families: [String: Family] = [:]
        var seriesCount = 0
        var hasRefused = false
    }

    private let descriptions: [String: Description]
    private let maximumSeries: Int
    private let logger: Logger
    private let table = Mutex(Table())

    /// - Parameters:
    ///   - descriptions: of the metrics, by name.
    ///   - maximumSeries: the most series. Further ones are not recorded, which is logged once.
    ///   - logger: gets that warning.
    public init(_ descriptions: [Description] = [], maximumSeries: Int = 1_000, logger: Logger) {
        self.descriptions = Dictionary(descriptions.map { ($0.name, $0) }) { first, _ in first }
        self.maximumSeries = maximumSeries
        self.logger = logger
    }

    public func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        series(label, dimensions, .counter) { _ in IntegerSeries() }
    }

    public func makeFloatingPointCounter(
        label: String, dimensions: [(String, String)]
    ) -> any FloatingPointCounterHandler {
        series(label, dimensions, .counter) { _ in RealSeries() }
    }

    public func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
        series(label, dimensions, .gauge) { _ in RealSeries() }
    }

    public func makeRecorder(
        label: String, dimensions: [(String, String)], aggregate: Bool
    ) -> any RecorderHandler {
        if aggregate {
            series(label, dimensions, .histogram) { HistogramSeries(bounds: $0) }
        } else {
            series(label, dimensions, .gauge) { _ in RealSeries() }
        }
    }

    public func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        series(label, dimensions, .histogram) { HistogramSeries(bounds: $0) }
    }

    // A series lives as long as the process, because a counter that disappears and comes back looks
    // like a restart.
    public func destroyCounter(_ handler: any CounterHandler) {}
    public func destroyFloatingPointCounter(_ handler: any FloatingPointCounterHandler) {}
    public func destroyMeter(_ handler: any MeterHandler) {}
    public func destroyRecorder(_ handler: any RecorderHandler) {}
    public func destroyTimer(_ handler: any TimerHandler) {}

    /// All metrics in Prometheus' text format 0.0.4, in a stable order.
    public func text() -> String {
        let families = table.withLock { $0.families }
        var text = PrometheusText()
        for (name, family) in families.sorted(by: { $0.key < $1.key }) { text.write(family, name: name) }
        return text.output
    }

    // MARK: Reading

    /// The counters of that name, by rendered labels; empty if there are none.
    package func counts(of name: String) -> [String: Int] {
        (series(of: name) as [String: IntegerSeries]).mapValues(\.current)
    }

    /// The gauge of that name without labels; nil if there is none.
    package func level(of name: String) -> Double? { (series(of: name) as [String: RealSeries])[""]?.current }

    /// The histogram of that name without labels; nil if there is none.
    package func buckets(of name: String) -> BucketCounts? {
        (series(of: name) as [String: HistogramSeries])[""]?.current
    }

    private func series<Series: PrometheusSeries>(of name: String) -> [String: Series] {
        table.withLock { $0.families[name]?.series ?? [:] }.compactMapValues { $0 as? Series }
    }

    // MARK: Making

    /// The handler of that name and those labels, made on first use. If the name has another kind,
    /// or there are too many series, the handler is not in the table, so its values are not
    /// rendered.
    private func series<Series: PrometheusSeries>(
        _ label: String, _ dimensions: [(String, String)], _ kind: PrometheusKind,
        make: ([Double]) -> Series
    ) -> Series {
        let name = PrometheusText.name(label)
        let labels = PrometheusText.labels(dimensions)
        return table.withLock { table in
            let description = descriptions[name] ?? Description(name, "")
            var family = table.families[name] ?? Family(kind: kind, description: description)
            if let known = family.series[labels] as? Series, family.kind == kind { return known }
            let made = make(description.buckets)
            guard family.kind == kind, family.series[labels] == nil, table.seriesCount < maximumSeries else {
                if !table.hasRefused {
                    logger.warning(
                        "metric refused: too many series, or its name has another kind; logged once",
                        metadata: ["metric": "\(name)", "maximumSeries": "\(maximumSeries)"])
                }
                table.hasRefused = true
                return made
            }
            family.series[labels] = made
            table.families[name] = family
            table.seriesCount += 1
            return made
        }
    }
}
