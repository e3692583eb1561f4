// Whose quota it is. Validated once, where it enters, so that everything below can rely on its
// bytes: Redis keys need no escaping, for example.

/// Whose quota it is: 1 to 128 bytes of `A-Z a-z 0-9 . _ : @ -`.
public struct Account: Hashable, Sendable, CustomStringConvertible {
    public let name: String

    /// The rule as a sentence, for error messages.
    public static let rule = "1 to 128 bytes of A-Z a-z 0-9 . _ : @ -"

    /// - Returns: nil when `name` breaks ``rule``.
    public init?(_ name: String) {
        guard name.hasBytes(1...128, of: "._:@-") else { return nil }
        self.name = name
    }

    public var description: String { name }
}

extension String {
    /// Whether every byte is a letter, a digit or one of `punctuation`, and there are `count` of
    /// them. Allocates nothing.
    package func hasBytes(_ count: ClosedRange<Int>, of punctuation: StaticString) -> Bool {
        punctuation.withUTF8Buffer { punctuation in
            count.contains(utf8.count)
                && utf8.allSatisfy { byte in
                    switch byte {
                    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                        UInt8(ascii: "0")...UInt8(ascii: "9"):
                        true
                    default: punctuation.contains(byte)
                    }
                }
        }
    }
}
