// A metrics backend whose counts a test can read.

import CoreMetrics
import Synchronization

final class RecordedMetrics: MetricsFactory {
    private let values = Mutex<[String: Double]>([:])

    /// The value of `name{label="value",...}`; nil when there is no such series.
    subscript(series: String) -> Double? { values.withLock { $0[series] } }

    var series: [String: Double] { values.withLock { $0 } }

    private func set(_ series: String, _ change: (Double) -> Double) {
        values.withLock { $0[series] = change($0[series] ?? 0) }
    }

    private static func series(_ label: String, _ dimensions: [(String, String)]) -> String {
        guard !dimensions.isEmpty else { return label }
        return label + "{" + dimensions.map { "\($0.0)=\"\($0.1)\"" }.joined(separator: ",") + "}"
    }

    private final class Series: CounterHandler, RecorderHandler {
        let name: String
        let metrics: RecordedMetrics

        init(_ name: String, _ metrics: RecordedMetrics) {
            self.name = name
            self.metrics = metrics
            metrics.set(name) { $0 }
        }

        func increment(by amount: Int64) { metrics.set(name) { $0 + Double(amount) } }
        func reset() { metrics.set(name) { _ in 0 } }
        func record(_ value: Int64) { metrics.set(name) { _ in Double(value) } }
        func record(_ value: Double) { metrics.set(name) { _ in value } }
    }

    func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        Series(Self.series(label, dimensions), self)
    }

    func makeRecorder(label: String, dimensions: [(String, String)], aggregate: Bool) -> any RecorderHandler {
        Series(Self.series(label, dimensions), self)
    }

    func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        NOOPMetricsHandler.instance
    }

    func destroyCounter(_: any CounterHandler) {}
    func destroyRecorder(_: any RecorderHandler) {}
    func destroyTimer(_: any TimerHandler) {}
}
