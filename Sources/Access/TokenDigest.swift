// The SHA-256 digest, which is stored instead of a token. A token has 256 random bits, so it needs
// no salt and no slow hash: it cannot be found by trying.

import CLibcrypto

/// The SHA-256 digest of a token's text.
public struct TokenDigest: Hashable, Sendable {
    /// The number of hexadecimal digits.
    static let digits = 64
    /// Its 32 bytes, big-endian, as four words.
    private let quarters: (UInt64, UInt64, UInt64, UInt64)

    public init(of token: some Sequence<UInt8>) {
        let bytes = Array(token)
        var digest = [UInt8](repeating: 0, count: Int(SHA256_DIGEST_LENGTH))
        SHA256(bytes, bytes.count, &digest)
        quarters = (
            Self.word(digest[0..<8]), Self.word(digest[8..<16]), Self.word(digest[16..<24]),
            Self.word(digest[24..<32])
        )
    }

    /// - Returns: nil unless `text` is 64 hexadecimal digits.
    public init?(hex text: some StringProtocol) {
        guard text.utf8.count == Self.digits, text.utf8.allSatisfy(\.isHexDigit) else { return nil }
        let quarters = (0..<4).compactMap { place in
            let start = text.utf8.index(text.utf8.startIndex, offsetBy: place * 16)
            return UInt64(text[start..<text.utf8.index(start, offsetBy: 16)], radix: 16)
        }
        self.quarters = (quarters[0], quarters[1], quarters[2], quarters[3])
    }

    /// 64 hexadecimal digits in lower case.
    public var hex: String {
        [quarters.0, quarters.1, quarters.2, quarters.3].map { word in
            let digits = String(word, radix: 16)
            return String(repeating: "0", count: 16 - digits.utf8.count) + digits
        }.joined()
    }

    /// Takes the same time wherever the two differ.
    public static func == (left: TokenDigest, right: TokenDigest) -> Bool {
        (left.quarters.0 ^ right.quarters.0) | (left.quarters.1 ^ right.quarters.1)
            | (left.quarters.2 ^ right.quarters.2) | (left.quarters.3 ^ right.quarters.3) == 0
    }

    public func hash(into hasher: inout Hasher) { hasher.combine(quarters.0) }

    private static func word(_ bytes: ArraySlice<UInt8>) -> UInt64 {
        bytes.reduce(0) { $0 << 8 | UInt64($1) }
    }
}

extension UInt8 {
    fileprivate var isHexDigit: Bool {
        switch self {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"),
            UInt8(ascii: "A")...UInt8(ascii: "F"):
            true
        default: false
        }
    }
}
