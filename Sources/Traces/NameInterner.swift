// Names as numbers: a trace repeats a few names, and numbers are cheap to compare, to hash and to
// use as an index. Names are compared byte by byte: names that only look alike are different.

/// Gives each different name a number, counted from 0. An open hash table.
public struct NameInterner: Sendable {
    /// The names, each followed by a line feed; no name contains one.
    private var bytes: [UInt8] = []
    /// The offset of each name.
    private var starts: [Int] = []
    /// The slots of the table: a power of two, at most half in use.
    private var slots = [Slot](repeating: .free, count: 64)
    private let maximum: Int

    /// The data for finding a name, stored together.
    private struct Slot {
        static let free = Slot(hash: 0, number: -1, start: 0)

        let hash: UInt32
        /// The name's number; -1 is free.
        let number: Int32
        /// The offset of the name.
        let start: Int
    }

    /// - Parameter maximum: the maximum number of names, up to 2^30.
    package init(maximum: Int) { self.maximum = min(maximum, 1 << 30) }

    public var count: Int { starts.count }

    /// A name as text; bytes that are not UTF-8 are replaced.
    public subscript(number: Int) -> String {
        String(decoding: bytes[starts[number]...].prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
    }

    /// The number of the name at a range of some bytes. An unknown name gets a new number.
    /// - Parameters:
    ///   - text: the bytes.
    ///   - name: the range of the name.
    /// - Returns: nil if the number would exceed the maximum.
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

    /// Hashes eight bytes at a time, with a seed per process, so that colliding names cannot be
    /// made.
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
