// Random numbers that can be repeated, and the random choices of tests.

import Randomness

/// The same seed gives the same numbers on every machine.
public struct SeededGenerator: RandomNumberGenerator {
    private var source: SplitMix64

    public init(seed: some FixedWidthInteger) { source = SplitMix64(seed: UInt64(truncatingIfNeeded: seed)) }

    public mutating func next() -> UInt64 { source.next() }

    public mutating func pick<Value>(_ values: [Value]) -> Value { values.randomElement(using: &self)! }

    public mutating func number(in range: ClosedRange<Int>) -> Int { .random(in: range, using: &self) }

    /// True once in `count` times.
    public mutating func once(in count: Int) -> Bool { number(in: 1...count) == 1 }
}
