// Random numbers that can be repeated: the same seed gives the same load on every machine.

/// SplitMix64 (Steele, Lea and Flood, 2014).
package struct SplitMix64: RandomNumberGenerator, Sendable {
    private var state: UInt64

    package init(seed: UInt64) { state = seed }

    package mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }

    /// A random number from 0 to `bound` - 1. Takes exactly one draw for every bound; the standard
    /// library may take several and may change. The probabilities of two numbers differ by at most
    /// `bound` / 2^64.
    package mutating func number(below bound: Int) -> Int {
        Int(next().multipliedFullWidth(by: UInt64(bound)).high)
    }

    /// A random fraction in 0 ..< 1, a multiple of 2^-53.
    package mutating func fraction() -> Double { Double(next() >> 11) * 0x1p-53 }
}
