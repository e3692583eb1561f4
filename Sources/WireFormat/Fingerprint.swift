// Distinguishes texts that are not made to collide.

/// The 64-bit FNV-1a hash of some bytes. It never changes: Redis keeps fingerprints of plan files.
public struct Fingerprint: Equatable, Sendable {
    /// In hexadecimal, without zeros in front.
    public let text: String

    public init(of bytes: some Sequence<UInt8>) {
        let hash = bytes.reduce(0xcbf2_9ce4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
        text = String(hash, radix: 16)
    }
}
