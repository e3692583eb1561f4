// A new token: the secret itself, which exists here only while it is made.

/// `stint_` and 64 hexadecimal digits of 256 random bits. With the prefix, scanners find leaked
/// tokens.
public struct Token: Sendable {
    public static let prefix = "stint_"

    public let text: String

    /// - Parameter random: an unpredictable source.
    public init(random: inout some RandomNumberGenerator) {
        var text = Self.prefix
        for _ in 0..<4 {
            let digits = String(random.next() as UInt64, radix: 16)
            text += String(repeating: "0", count: 16 - digits.utf8.count) + digits
        }
        self.text = text
    }

    public var digest: TokenDigest { TokenDigest(of: text.utf8) }
}
