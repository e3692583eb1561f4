// How long answers took, in an HdrHistogram: any latency from 1 us to an hour, to three digits.

import Histogram

/// Latencies in ns. About 200 KB, however many are recorded.
public struct LatencyHistogram: Sendable {
    /// Longer ones count as this: an hour.
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

    /// The latency that `percent` of them do not exceed, in us, rounded; 0 without any.
    public func us(atPercentile percent: Double) -> Int { Self.us(histogram.valueAtPercentile(percent)) }

    /// us, to three digits as all the others; 0 without any.
    public var maxUs: Int { count == 0 ? 0 : Self.us(histogram.max) }

    /// us; 0 without any.
    public var meanUs: Int { count == 0 ? 0 : Self.us(UInt64(histogram.mean)) }

    private static func us(_ ns: UInt64) -> Int { Int((ns + 500) / 1_000) }

    /// The percentile distribution as HdrHistogram's tools print and plot it, in ms.
    public var percentileText: String {
        var text = ""
        histogram.outputPercentileDistribution(to: &text, outputValueUnitScalingRatio: 1_000_000)
        return text
    }
}
