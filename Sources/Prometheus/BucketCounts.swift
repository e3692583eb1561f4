// The counts of a histogram at one moment, and the quantiles that they give.

/// The number of values in each bucket of a histogram, not cumulative.
package struct BucketCounts: Equatable, Sendable {
    /// The buckets' upper bounds, ascending.
    package let bounds: [Double]
    /// One count more than there are bounds: the last is for values above all of them.
    package var counts: [Int]

    package init(bounds: [Double], counts: [Int]) {
        self.bounds = bounds
        self.counts = counts
    }

    package var total: Int { counts.reduce(0, +) }

    /// The values since `before`, which must have the same bounds.
    package func since(_ before: BucketCounts?) -> BucketCounts {
        guard let before, before.bounds == bounds else { return self }
        return BucketCounts(bounds: bounds, counts: zip(counts, before.counts).map { max(0, $0 - $1) })
    }

    /// A quantile, as if the values were evenly distributed in each bucket; nil without values. If
    /// it is above all bounds, it is the last bound.
    /// - Parameter part: 0 to 1; 0.99 for the 99th percentile.
    package func quantile(_ part: Double) -> Double? {
        guard total > 0 else { return nil }
        let rank = part * Double(total)
        var seen = 0.0
        for (index, count) in counts.enumerated() where count > 0 {
            guard index < bounds.count else { break }
            if seen + Double(count) >= rank {
                let lower = index == 0 ? 0 : bounds[index - 1]
                return lower + (bounds[index] - lower) * max(0, rank - seen) / Double(count)
            }
            seen += Double(count)
        }
        return bounds.last
    }
}
