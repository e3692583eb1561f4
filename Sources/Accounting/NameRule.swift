// What names are made of: ASCII letters, digits and a few more bytes, so that they need no escaping
// in keys and paths.

/// How long a name may be, and which bytes it may have.
public struct NameRule: Sendable, CustomStringConvertible {
    public let maximumBytes: Int
    /// What it may have besides letters and digits.
    public let punctuation: StaticString

    /// Of all names but those of accounts: executions, plans, limits, kinds.
    public static let identifier = NameRule(maximumBytes: 64, punctuation: "._-")
    /// Of accounts.
    public static let account = NameRule(maximumBytes: 128, punctuation: "._:@-")

    public func allows(_ name: String) -> Bool { name.hasBytes(1...maximumBytes, of: punctuation) }

    /// The end of a sentence that begins with "must be".
    public var description: String {
        "1 to \(maximumBytes) bytes of A-Z a-z 0-9" + "\(punctuation)".map { " \($0)" }.joined()
    }
}

extension String {
    /// Whether every byte is a letter, a digit or one of `punctuation`, and there are `count` of
    /// them. Allocates nothing.
    package func hasBytes(_ count: ClosedRange<Int>, of punctuation: StaticString) -> Bool {
        guard count.contains(utf8.count) else { return false }
        var text = self
        return text.withUTF8 { bytes in
            bytes.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"):
                    true
                default: punctuation.withUTF8Buffer { $0.contains(byte) }
                }
            }
        }
    }
}
