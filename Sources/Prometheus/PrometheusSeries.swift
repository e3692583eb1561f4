// The three kinds of series: integers, real numbers, and distributions. Every update is a few
// relaxed atomic operations, so any thread may record at any time without waiting.

import CoreMetrics
import Synchronization

/// The word in a TYPE line.
enum PrometheusKind: String {
    case counter, gauge, histogram
}

/// One line of `/metrics`, or the several lines of one histogram.
protocol PrometheusSeries: AnyObject, Sendable {
    func write(name: String, labels: String, to text: inout PrometheusText)
}

/// A count of events.
final class IntegerSeries: PrometheusSeries, CounterHandler {
    private let value = Atomic<Int>(0)

    var current: Int { value.load(ordering: .relaxed) }

    func increment(by amount: Int64) { value.wrappingAdd(Int(amount), ordering: .relaxed) }
    func reset() { value.store(0, ordering: .relaxed) }

    func write(name: String, labels: String, to text: inout PrometheusText) {
        text.line(name, labels, Double(current))
    }
}

/// A sum of real amounts, or a value that goes up and down.
final class RealSeries: PrometheusSeries, FloatingPointCounterHandler, MeterHandler, RecorderHandler {
    private let value = Atomic<Double>(0)

    var current: Double { value.load(ordering: .relaxed) }

    func increment(by amount: Double) {
        var known = current
        while true {
            let (exchanged, original) = value.weakCompareExchange(
                expected: known, desired: known + amount, ordering: .relaxed)
            if exchanged { return }
            known = original
        }
    }

    func decrement(by amount: Double) { increment(by: -amount) }
    func set(_ amount: Int64) { set(Double(amount)) }
    func set(_ amount: Double) { value.store(amount, ordering: .relaxed) }
    func record(_ amount: Int64) { set(Double(amount)) }
    func record(_ amount: Double) { set(amount) }
    func reset() { set(0.0) }

    func write(name: String, labels: String, to text: inout PrometheusText) {
        text.line(name, labels, current)
    }
}

/// A distribution over fixed buckets. A timer records seconds.
final class HistogramSeries: PrometheusSeries, RecorderHandler, TimerHandler {
    private let bounds: [Double]
    /// The number of values in each bucket, not cumulative; the last is for values above all
    /// bounds.
    private let counts: [IntegerSeries]
    private let sum = RealSeries()

    init(bounds: [Double]) {
        self.bounds = bounds
        counts = (0...bounds.count).map { _ in IntegerSeries() }
    }

    var current: BucketCounts { BucketCounts(bounds: bounds, counts: counts.map(\.current)) }

    func record(_ value: Double) {
        counts[bounds.firstIndex { value <= $0 } ?? bounds.count].increment(by: 1)
        sum.increment(by: value)
    }

    func record(_ value: Int64) { record(Double(value)) }
    func recordNanoseconds(_ duration: Int64) { record(Double(duration) / 1e9) }

    func write(name: String, labels: String, to text: inout PrometheusText) {
        var seen = 0
        for (index, count) in counts.enumerated() {
            seen += count.current
            let bound = index < bounds.count ? PrometheusText.number(bounds[index]) : "+Inf"
            text.line(name + "_bucket", PrometheusText.adding("le", bound, to: labels), Double(seen))
        }
        text.line(name + "_sum", labels, sum.current)
        text.line(name + "_count", labels, Double(seen))
    }
}
