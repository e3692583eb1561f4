// Which of a cluster's slots a key belongs to (Redis Cluster specification, "Key distribution
// model"): CRC16 of its hash tag, modulo 16,384.

/// The slots of a Redis Cluster.
public enum KeySlot {
    /// How many there are. Slots are numbered from 0.
    public static let count = 16_384

    /// The slot of a whole key.
    /// - Parameter key: any bytes. Where they hold a `{` and behind it a `}`, with at least one
    ///   byte between the two, only those bytes count.
    public static func of(key: some Collection<UInt8>) -> Int {
        guard let open = key.firstIndex(of: UInt8(ascii: "{")) else { return of(tag: key) }
        let rest = key[key.index(after: open)...]
        guard let close = rest.firstIndex(of: UInt8(ascii: "}")), close != rest.startIndex else {
            return of(tag: key)
        }
        return of(tag: rest[..<close])
    }

    /// The slot of keys with this hash tag.
    public static func of(tag: some Sequence<UInt8>) -> Int {
        var crc: UInt16 = 0
        for byte in tag { crc = crc << 8 ^ table[Int(UInt8(truncatingIfNeeded: crc >> 8) ^ byte)] }
        return Int(crc) % count
    }

    /// CRC-16/XMODEM: the polynomial 0x1021, most significant bit first, from 0.
    private static let table: [UInt16] = (0..<256).map { byte in
        (0..<8).reduce(UInt16(byte) << 8) { crc, _ in crc & 0x8000 == 0 ? crc << 1 : crc << 1 ^ 0x1021 }
    }
}
