// Chance that can be repeated, and the choices that tests make with it.

/// SplitMix64: the same seed gives the same numbers on every machine.
public struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    public init(seed: some FixedWidthInteger) { state = UInt64(truncatingIfNeeded: seed) }

    public mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }

    public mutating func pick<Value>(_ values: [Value]) -> Value { values.randomElement(using: &self)! }

    public mutating func number(in range: ClosedRange<Int>) -> Int { .random(in: range, using: &self) }

    /// True once in `count` times.
    public mutating func once(in count: Int) -> Bool { number(in: 1...count) == 1 }
}
