// Percentiles that can be computed by hand, and the text that HdrHistogram's tools read.

import Randomness
import Testing

@testable import LoadGeneration

@Suite("Latencies")
struct LatencyHistogramTests {
    @Test("Percentiles of 1 to 1,000 ms are themselves, to three digits")
    func percentiles() {
        var latency = LatencyHistogram()
        for ms in (1...1_000).reversed() { latency.record(ns: ms * 1_000_000) }
        #expect(latency.count == 1_000)
        for (percent, ms) in [(50.0, 500), (90, 900), (99, 990), (99.9, 999), (100, 1_000)] {
            #expect(abs(latency.us(atPercentile: percent) - ms * 1_000) <= ms, "p\(percent)")
        }
        #expect(abs(latency.maxUs - 1_000_000) <= 1_000)
        #expect(abs(latency.meanUs - 500_500) <= 500)
    }

    @Test("Without any latency all is 0; below 0 counts as 0 and above an hour as an hour")
    func bounds() {
        var latency = LatencyHistogram()
        #expect(
            [latency.count, latency.us(atPercentile: 99), latency.maxUs, latency.meanUs] == [0, 0, 0, 0])
        latency.record(ns: -5)
        #expect(latency.us(atPercentile: 100) <= 1)
        latency.record(ns: .max)
        #expect(latency.count == 2)
        #expect(abs(latency.maxUs - 3_600_000_000) <= 3_600_000)
    }

    @Test("Adding two is the same as recording all in one")
    func adding() {
        var (one, other, both) = (LatencyHistogram(), LatencyHistogram(), LatencyHistogram())
        var random = SplitMix64(seed: 7)
        for number in 0..<10_000 {
            let ns = random.number(below: 50_000_000)
            both.record(ns: ns)
            if number % 3 == 0 { one.record(ns: ns) } else { other.record(ns: ns) }
        }
        one.add(other)
        #expect(one.percentileText == both.percentileText)
    }

    @Test("The percentile distribution has the standard form, in ms")
    func text() {
        var latency = LatencyHistogram()
        for ms in 1...4 { latency.record(ns: ms * 1_000_000) }
        let lines = latency.percentileText.split(separator: "\n", omittingEmptySubsequences: false)
        #expect(lines[0] == "       Value     Percentile TotalCount 1/(1-Percentile)")
        #expect(lines[1] == "")
        #expect(lines[2].contains("1.000 0.000000000000          1           1.00"))
        #expect(lines.contains { $0.contains("4.0") && $0.hasSuffix(" 1.000000000000          4") })
        #expect(lines.contains { $0.hasPrefix("#[Mean    =") && $0.contains("StdDeviation   =") })
        #expect(
            lines.contains { $0.hasPrefix("#[Max     =") && $0.hasSuffix("Total count    =            4]") })
        #expect(
            lines.contains { $0.hasPrefix("#[Buckets =") && $0.contains("SubBuckets     =         2048]") })
    }
}
