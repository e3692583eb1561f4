// Names as numbers: a trace says the same few names again and again, and a number is compared,
// hashed and used as an index for next to nothing. Byte by byte: names that only look alike are
// different.

/// Gives each different name a number, counted from 0. An open hash table.
public struct NameInterner: Sendable {
    /// Name after name, each with a line feed after it; none has one within.
    private var bytes: [UInt8] = []
    /// Where each name begins.
    private var starts: [Int] = []
    /// A power of two of them, at most half in use.
    private var slots = [Slot](repeating: .free, count: 64)
    private let maximum: Int

    /// What must be looked at to find a name lies together.
    private struct Slot {
        static let free = Slot(hash: 0, number: -1, start: 0)

        let hash: UInt32
        /// The name's number; -1 is free.
        let number: Int32
        /// Where the name begins.
        let start: Int
    }

    /// - Parameter maximum: how many names there may be, up to 2^30.
    package init(maximum: Int) { self.maximum = min(maximum, 1 << 30) }

    public var count: Int { starts.count }

    /// A name as text; bytes that are not UTF-8 are replaced.
    public subscript(number: Int) -> String {
        String(decoding: bytes[starts[number]...].prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
    }

    /// The number of the name that stands at a place of some bytes, a new one if need be.
    /// - Returns: nil when that would be one more than the maximum.
    package mutating func number(of text: [UInt8], at name: Range<Int>) -> Int? {
        let hash = Self.hash(text, at: name)
        var place = Int(hash) & (slots.count - 1)
        while slots[place].number >= 0 {
            let slot = slots[place]
            if slot.hash == hash, isName(slot, text, at: name) { return Int(slot.number) }
            place = (place + 1) & (slots.count - 1)
        }
        guard count < maximum else { return nil }
        slots[place] = Slot(hash: hash, number: Int32(count), start: bytes.count)
        starts.append(bytes.count)
        bytes += text[name]
        bytes.append(UInt8(ascii: "\n"))
        if 2 * count > slots.count { grow() }
        return count - 1
    }

    private func isName(_ slot: Slot, _ text: [UInt8], at name: Range<Int>) -> Bool {
        let end = slot.start + name.count
        guard end < bytes.count else { return false }
        let distance = name.lowerBound - slot.start
        for index in slot.start..<end where bytes[index] != text[index + distance] { return false }
        return bytes[end] == UInt8(ascii: "\n")
    }

    private mutating func grow() {
        let old = slots
        slots = [Slot](repeating: .free, count: 2 * old.count)
        for slot in old where slot.number >= 0 {
            var place = Int(slot.hash) & (slots.count - 1)
            while slots[place].number >= 0 { place = (place + 1) & (slots.count - 1) }
            slots[place] = slot
        }
    }

    /// Seeded per process, so nobody can make names that collide; eight bytes at a time.
    private static func hash(_ text: [UInt8], at name: Range<Int>) -> UInt32 {
        var hasher = Hasher()
        var word: UInt64 = 0
        for index in name {
            word = word << 8 | UInt64(text[index])
            if (index - name.lowerBound) & 7 == 7 {
                hasher.combine(word)
                word = 0
            }
        }
        hasher.combine(word)
        return UInt32(truncatingIfNeeded: hasher.finalize())
    }
}
