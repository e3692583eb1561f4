// The durations of a load's executions. The load does not wait for them: a settlement reports the
// drawn duration at once.

import Accounting
import Foundation
import Randomness

/// A distribution of execution times, in whole ms from 0 to ``longestMs``.
public enum Durations: Hashable, Sendable, CustomStringConvertible {
    /// Always the same.
    case fixed(ms: Int)
    /// Every number of ms in the range is as likely as any other.
    case uniform(ClosedRange<Int>)
    /// Many short ones and few long ones, with this mean before rounding.
    case exponential(meanMs: Int)

    /// 31 days, the most that the service reads.
    public static let longestMs = Bounds.durationMs.upperBound

    /// Reads `fixed:MS`, `uniform:MS-MS` or `exponential:MS`.
    public init(_ text: String) throws(LoadError) {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        let numbers = (parts.count == 2 ? parts[1] : "")
            .split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
        let fits = numbers.allSatisfy { $0.map { (0...Self.longestMs).contains($0) } ?? false }
        switch (parts[0], numbers.count) {
        case ("fixed", 1) where fits: self = .fixed(ms: numbers[0]!)
        case ("exponential", 1) where fits: self = .exponential(meanMs: numbers[0]!)
        case ("uniform", 2) where fits && numbers[0]! <= numbers[1]!:
            self = .uniform(numbers[0]!...numbers[1]!)
        default:
            throw LoadError(
                "Type fixed:MS, uniform:MS-MS or exponential:MS (the mean), each from 0 to \(Self.longestMs)")
        }
    }

    public var description: String {
        switch self {
        case .fixed(let ms): "fixed:\(ms)"
        case .uniform(let range): "uniform:\(range.lowerBound)-\(range.upperBound)"
        case .exponential(let mean): "exponential:\(mean)"
        }
    }

    /// Draws a duration. Each takes one random number, even a fixed one, so that the accounts do
    /// not depend on the distribution.
    func next(using random: inout SplitMix64) -> Int {
        switch self {
        case .fixed(let ms):
            _ = random.next()
            return ms
        case .uniform(let range): return range.lowerBound + random.number(below: range.count)
        case .exponential(let mean):
            let drawn = -Double(mean) * log(1 - random.fraction())
            return Int(min(drawn.rounded(), Double(Self.longestMs)))
        }
    }
}
