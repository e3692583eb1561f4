// Random changes to bytes, the same for the same seed: every fuzz test feeds them to the reader
// under test. A mutant is a valid input changed in a few places. The changes insert bytes that the
// reader's grammar knows, numbers at the edges of what machines can hold, and pieces of the input
// itself.

/// Makes mutants for one grammar.
public struct Mutator: Sendable {
    private let fragments: [[UInt8]]

    /// Where readers that trust a number go wrong.
    private static let numbers = [
        "0", "-1", "00", "1", "127", "128", "255", "256", "65535", "65536", "2147483647", "2147483648",
        "4294967296", "536870912", "1000000000", "9007199254740992", "9007199254740993",
        "9223372036854775807", "9223372036854775808", "-9223372036854775809", "18446744073709551616", "1e9",
        "0.5", "99999999999999999999999999999999999999",
    ].map { Array($0.utf8) }

    /// - Parameter fragments: what the grammar knows: its marks, its words, what it escapes.
    public init(_ fragments: [String]) { self.init(fragments.map { Array($0.utf8) }) }

    public init(_ fragments: [[UInt8]]) { self.fragments = fragments }

    /// `original` with 1 to `most` changes.
    public func mutant(
        of original: [UInt8], most: Int = 4, using random: inout SeededGenerator
    ) -> [UInt8] {
        var bytes = original
        for _ in 0..<random.number(in: 1...most) { change(&bytes, &random) }
        return bytes
    }

    /// The beginning of one, then the end of the other; now and then changed as well.
    public func splice(_ one: [UInt8], _ other: [UInt8], using random: inout SeededGenerator) -> [UInt8] {
        let spliced =
            one.prefix(random.number(in: 0...one.count)) + other.suffix(random.number(in: 0...other.count))
        return random.once(in: 2) ? mutant(of: Array(spliced), using: &random) : Array(spliced)
    }

    private func change(_ bytes: inout [UInt8], _ random: inout SeededGenerator) {
        guard !bytes.isEmpty else { return bytes = random.pick(fragments) }
        let place = random.number(in: 0...bytes.count - 1)
        let other = random.number(in: 0...bytes.count - 1)
        let range = min(place, other)..<max(place, other)
        switch random.number(in: 0...9) {
        case 0: bytes[place] = UInt8.random(in: 0...255, using: &random)
        case 1: bytes[place] ^= 1 << UInt8.random(in: 0...7, using: &random)
        case 2: bytes.removeSubrange(place..<min(bytes.count, place + random.number(in: 1...9)))
        case 3: bytes.insert(contentsOf: random.pick(fragments), at: place)
        case 4:
            let times = 1 << random.number(in: 0...6)
            bytes.insert(contentsOf: (0..<times).flatMap { [bytes] _ in bytes[range].prefix(16) }, at: place)
        case 5: bytes.swapAt(place, other)
        case 6: bytes.insert(contentsOf: Array(bytes[range]), at: place)
        case 7: bytes.removeSubrange(place...)
        case 8: bytes.removeSubrange(range)
        default: bytes.replaceSubrange(Self.number(in: bytes, from: place), with: random.pick(Self.numbers))
        }
    }

    /// The first run of digits at or after `place`; nothing, at `place`, when there is none.
    private static func number(in bytes: [UInt8], from place: Int) -> Range<Int> {
        let digits = UInt8(ascii: "0")...UInt8(ascii: "9")
        guard let start = bytes[place...].firstIndex(where: digits.contains) else { return place..<place }
        return start..<(bytes[start...].firstIndex { !digits.contains($0) } ?? bytes.count)
    }
}

extension SeededGenerator {
    /// `bytes` in pieces: whole, one by one, or cut anywhere.
    public mutating func pieces(of bytes: [UInt8]) -> [[UInt8]] {
        guard !bytes.isEmpty, !once(in: 4) else { return [bytes] }
        let longest = once(in: 4) ? 1 : number(in: 1...bytes.count)
        var pieces: [[UInt8]] = []
        var rest = bytes[...]
        while !rest.isEmpty {
            let piece = rest.prefix(number(in: 1...longest))
            pieces.append(Array(piece))
            rest = rest.dropFirst(piece.count)
        }
        return pieces
    }
}
