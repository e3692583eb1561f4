// A histogram at one moment, and what can be told from it about the values in it.

/// How many values fell into each bucket of a histogram, and no earlier one.
package struct BucketCounts: Equatable, Sendable {
    /// The buckets' upper bounds, ascending.
    package let bounds: [Double]
    /// One more than there are bounds: the last is everything above all of them.
    package var counts: [Int]

    package init(bounds: [Double], counts: [Int]) {
        self.bounds = bounds
        self.counts = counts
    }

    package var total: Int { counts.reduce(0, +) }

    /// What came since `before`, which has the same bounds.
    package func since(_ before: BucketCounts?) -> BucketCounts {
        guard let before, before.bounds == bounds else { return self }
        return BucketCounts(bounds: bounds, counts: zip(counts, before.counts).map { max(0, $0 - $1) })
    }

    /// The value that a part of the values is not above, as if they lay evenly in each bucket; nil
    /// without values. Above all bounds it is the last one, because more is not known.
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
