// The random numbers for the ids that runners leave out. Not for secrets.

/// xoshiro256** (Blackman and Vigna, 2018): a few instructions per number; the system's generator
/// calls the kernel.
package struct Xoshiro256: RandomNumberGenerator {
    private var state: (UInt64, UInt64, UInt64, UInt64)

    /// - Parameter state: not all 0.
    package init(state: (UInt64, UInt64, UInt64, UInt64)) { self.state = state }

    /// Starts at a random state of 256 bits from `source`, so that no two processes share a state.
    package init(seededBy source: inout some RandomNumberGenerator) {
        self.init(state: (source.next(), source.next(), source.next(), source.next() | 1))
    }

    package mutating func next() -> UInt64 {
        let result = Self.rotated(state.1 &* 5, by: 7) &* 9
        let shifted = state.1 << 17
        state.2 ^= state.0
        state.3 ^= state.1
        state.1 ^= state.2
        state.0 ^= state.3
        state.2 ^= shifted
        state.3 = Self.rotated(state.3, by: 45)
        return result
    }

    private static func rotated(_ value: UInt64, by bits: UInt64) -> UInt64 {
        value << bits | value >> (64 - bits)
    }
}
