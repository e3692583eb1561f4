// The distribution of a load over its accounts: uniform, or most of the load on few accounts.

import Foundation
import Randomness

/// The distribution of a load over its accounts.
public enum Skew: Hashable, Sendable, CustomStringConvertible {
    /// Every account is as likely as any other.
    case uniform
    /// The probability of account k, counted from 1, is proportional to 1 / k^exponent.
    case zipf(exponent: Double)

    public static let exponents: ClosedRange<Double> = 0.01...10

    /// Reads `uniform`, `zipf` (exponent 1) or `zipf:EXPONENT`.
    public init(_ text: String) throws(LoadError) {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        switch (parts[0], parts.count) {
        case ("uniform", 1): self = .uniform
        case ("zipf", 1): self = .zipf(exponent: 1)
        case ("zipf", 2):
            guard let exponent = Double(parts[1]), Self.exponents.contains(exponent) else { throw Self.error }
            self = .zipf(exponent: exponent)
        default: throw Self.error
        }
    }

    private static let error = LoadError(
        "Type uniform, zipf or zipf:S with S from \(exponents.lowerBound) to \(Int(exponents.upperBound))")

    public var description: String {
        switch self {
        case .uniform: "uniform"
        case .zipf(let exponent): "zipf:\(exponent)"
        }
    }
}

/// Draws account numbers, 0 to `count` - 1, with one random number each. Account 0 is the most
/// likely.
struct AccountSampler: Sendable {
    private let count: Int
    /// The cumulative probability of each account, scaled to 2^53; empty if uniform. 8 bytes per
    /// account.
    private let shares: [UInt64]

    init(count: Int, skew: Skew) {
        precondition(count > 0)
        self.count = count
        switch skew {
        case .uniform: shares = []
        case .zipf(let exponent):
            var sum = 0.0
            let sums = (1...count).map { place in
                sum += pow(Double(place), -exponent)
                return sum
            }
            shares = sums.map { UInt64($0 / sum * 0x1p53) }
        }
    }

    func next(using random: inout SplitMix64) -> Int {
        guard !shares.isEmpty else { return random.number(below: count) }
        let drawn = random.next() >> 11
        var (low, high) = (0, count - 1)
        while low < high {
            let middle = (low + high) / 2
            if shares[middle] > drawn { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
