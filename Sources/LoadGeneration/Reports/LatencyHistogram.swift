// Latencies in an HdrHistogram: 1 us to an hour, to three digits.

import Histogram

/// Latencies in ns. It takes about 200 KB, independent of their number.
public struct LatencyHistogram: Sendable {
    /// An hour. Longer latencies count as this.
    public static let longestNs = 3_600_000_000_000

    private var histogram = Histogram<UInt64>(
        lowestDiscernibleValue: 1_000, highestTrackableValue: UInt64(longestNs),
        numberOfSignificantValueDigits: .three)

    public init() {}

    public mutating func record(ns: Int) {
        histogram.record(UInt64(min(max(ns, 0), Self.longestNs)))
    }

    public mutating func add(_ other: LatencyHistogram) { histogram.add(other.histogram) }

    public var count: Int { Int(histogram.totalCount) }

    /// The latency that `percent` of the latencies do not exceed, in us, rounded; 0 without any.
    public func us(atPercentile percent: Double) -> Int { Self.us(histogram.valueAtPercentile(percent)) }

    /// The greatest latency in us, to three digits; 0 without any.
    public var maxUs: Int { count == 0 ? 0 : Self.us(histogram.max) }

    /// The mean latency in us; 0 without any.
    public var meanUs: Int { count == 0 ? 0 : Self.us(UInt64(histogram.mean)) }

    private static func us(_ ns: UInt64) -> Int { Int((ns + 500) / 1_000) }

    /// The percentile distribution in the format of HdrHistogram's tools, in ms.
    public var percentileText: String {
        var text = ""
        histogram.outputPercentileDistribution(to: &text, outputValueUnitScalingRatio: 1_000_000)
        return text
    }
}
