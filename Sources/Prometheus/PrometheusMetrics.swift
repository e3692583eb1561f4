// The factory behind every `Counter`, `Recorder`, `Meter` and `Timer` of the process. It is handed
// to whoever measures (nothing is global), keeps one handler per name and labels, and renders them
// all for `/metrics`. Recording touches atomics only; the lock guards the table, for making a
// metric and for rendering.

public import CoreMetrics
public import Logging
import Synchronization

public final class PrometheusMetrics: MetricsFactory {
    /// What a metric is about. A metric without one has no HELP line and default buckets.
    public struct Description: Sendable {
        package let name: String
        package let help: String
        let buckets: [Double]

        /// - Parameter buckets: upper bounds of a histogram, ascending; seconds for timers.
        public init(_ name: String, _ help: String, buckets: [Double] = PrometheusMetrics.seconds) {
            self.name = name
            self.help = help
            self.buckets = buckets
        }
    }

    /// 50 µs to 1 s: what a ledger call can take.
    public static let seconds: [Double] = [
        50e-6, 100e-6, 250e-6, 500e-6, 1e-3, 2.5e-3, 5e-3, 10e-3, 25e-3, 50e-3, 100e-3, 250e-3, 500e-3, 1,
    ]
    /// 1 to 128, doubling: how many things went together.
    public static let counts: [Double] = [1, 2, 4, 8, 16, 32, 64, 128]

    struct Family {
        let kind: PrometheusKind
        let description: Description
        /// By rendered labels, such as `{limit="executions"}`.
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

    /// - Parameter maximumSeries: beyond this many, new series are recorded nowhere; the log says
    ///   so once.
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

    // A series lives as long as the process: a counter that vanished and came back would look like
    // a restart.
    public func destroyCounter(_ handler: any CounterHandler) {}
    public func destroyFloatingPointCounter(_ handler: any FloatingPointCounterHandler) {}
    public func destroyMeter(_ handler: any MeterHandler) {}
    public func destroyRecorder(_ handler: any RecorderHandler) {}
    public func destroyTimer(_ handler: any TimerHandler) {}

    /// Everything measured so far in Prometheus' text format 0.0.4, in a stable order.
    public func text() -> String {
        let families = table.withLock { $0.families }
        var text = PrometheusText()
        for (name, family) in families.sorted(by: { $0.key < $1.key }) { text.write(family, name: name) }
        return text.output
    }

    // MARK: Reading

    /// What was counted so far under that name, by rendered labels; empty when nothing is counted
    /// there.
    package func counts(of name: String) -> [String: Int] {
        (series(of: name) as [String: IntegerSeries]).mapValues(\.current)
    }

    /// The gauge of that name without labels; nil when there is none.
    package func level(of name: String) -> Double? { (series(of: name) as [String: RealSeries])[""]?.current }

    /// The histogram of that name without labels; nil when there is none.
    package func buckets(of name: String) -> BucketCounts? {
        (series(of: name) as [String: HistogramSeries])[""]?.current
    }

    private func series<Series: PrometheusSeries>(of name: String) -> [String: Series] {
        table.withLock { $0.families[name]?.series ?? [:] }.compactMapValues { $0 as? Series }
    }

    // MARK: Making

    /// The handler of that name and those labels, made when it is the first to ask. A name that is
    /// already taken by another kind, or one series too many, gets a handler that nobody reads.
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
                        "metric refused: too many series, or its name has another kind; said once",
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
