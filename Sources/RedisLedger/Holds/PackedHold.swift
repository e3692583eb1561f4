// The bytes of a hold and of its label, as the scripts keep them (Scripts/Decide/holds.lua).

import Accounting
import NIOCore

/// A hold as a field of the account ledger.
struct PackedHold: Equatable {
    let grant: Grant
    let expires: Timestamp
    let label: Label?

    /// - Returns: nil if these are not the bytes of a hold.
    init?(_ field: ByteBuffer) {
        var bytes = field
        guard let admittedAt = bytes.readWhole48(), let grantedMs = bytes.readWhole48(),
            let expires = bytes.readWhole48(), Bounds.durationMs.contains(grantedMs)
        else { return nil }
        grant = Grant(admittedAt: Timestamp(ms: admittedAt), durationMs: grantedMs)
        self.expires = Timestamp(ms: expires)
        while let mark = bytes.getInteger(at: bytes.readerIndex + 3, as: UInt8.self), mark < 255 {
            guard bytes.readSlice(length: 6) != nil else { return nil }
        }
        label = bytes.readLabel()
    }
}

extension Label {
    var packedByteCount: Int { 4 + kind.utf8.count + (function?.utf8.count ?? 0) }
}

extension ByteBuffer {
    /// Reads a little-endian double that is a whole number within `bounds`; nil for any other.
    mutating func readWholeDouble(in bounds: ClosedRange<Int>) -> Int? {
        guard let bits = readInteger(endianness: .little, as: UInt64.self),
            let number = Int(exactly: Double(bitPattern: bits)), bounds.contains(number)
        else { return nil }
        return number
    }

    /// Reads 6 bytes, little-endian.
    mutating func readWhole48() -> Int? {
        guard let low = readInteger(endianness: .little, as: UInt32.self),
            let high = readInteger(endianness: .little, as: UInt16.self)
        else { return nil }
        return Int(high) << 32 | Int(low)
    }

    mutating func write(_ label: Label) {
        writeInteger(UInt8(label.kind.utf8.count))
        writeInteger(UInt16(label.function?.utf8.count ?? 0), endianness: .little)
        writeInteger(UInt8(255))
        writeString(label.kind)
        if let function = label.function { writeString(function) }
    }

    /// Reads a label; nil if there is none or the bytes are not a label.
    mutating func readLabel() -> Label? {
        guard let kindLength = readInteger(as: UInt8.self),
            let functionLength = readInteger(endianness: .little, as: UInt16.self),
            readInteger(as: UInt8.self) == 255, kindLength > 0,
            let kind = readText(length: Int(kindLength)), let function = readText(length: Int(functionLength))
        else { return nil }
        return Label(kind: kind, function: function.isEmpty ? nil : function)
    }

    /// Reads UTF-8; nil if the bytes are missing or not UTF-8.
    private mutating func readText(length: Int) -> String? {
        readSlice(length: length).flatMap { String(validating: $0.readableBytesView, as: UTF8.self) }
    }
}

extension Ending.Outcome? {
    /// The byte that stands for it in the log.
    var code: UInt8 {
        switch self {
        case nil: 0
        case .ok: 1
        case .error: 2
        case .timeout: 3
        case .notStarted: 4
        }
    }
}
