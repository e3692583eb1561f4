// The rules of a field's value: its type and its bounds, and their description for clients.

public import Accounting

/// The rule of a ``BodyField``'s value.
public enum FieldRule: Sendable, CustomStringConvertible {
    /// The largest count, time or size on the wire: 2^53-1, exact in every JSON implementation.
    public static let largest = 9_007_199_254_740_991

    /// A string of ASCII letters, digits and a few more characters, at least one byte.
    case name(NameRule)
    /// A string of UTF-8 without control characters (U+0000 to U+001F, U+007F to U+009F).
    case text(minimumBytes: Int, maximumBytes: Int)
    /// Any UTF-8, including the empty string.
    case prose(maximumBytes: Int)
    /// A whole number within bounds.
    case integer(ClosedRange<Int>, unit: StaticString?)
    /// One of a few strings.
    case word([String])
    case boolean
    case object
    case array

    /// Whether a string has the right length and characters. False for rules of other types.
    public func allows(_ value: String) -> Bool {
        switch self {
        case .name(let rule): rule.allows(value)
        case .text(let minimum, let maximum):
            (minimum...maximum).contains(value.utf8.count) && !Self.hasControls(value)
        case .prose(let maximum): value.utf8.count <= maximum
        case .word(let choices): choices.contains(value)
        case .integer, .boolean, .object, .array: false
        }
    }

    /// The bound, as the end of a sentence that begins with "must be".
    public var description: String {
        switch self {
        case .name(let rule): "\(rule)"
        case .text(let minimum, let maximum):
            "\(minimum) to \(maximum) bytes of text without control characters"
        case .prose(let maximum): "up to \(maximum) bytes of text"
        case .integer(let bounds, let unit):
            "an integer from \(bounds.lowerBound) to \(bounds.upperBound)" + (unit.map { " (\($0))" } ?? "")
        case .word(let choices): "one of " + choices.joined(separator: ", ")
        case .boolean: "true or false"
        case .object: "an object"
        case .array: "an array"
        }
    }

    /// Whether the string has a character of Unicode's general category Cc. Those above ASCII,
    /// U+0080 to U+009F, are 0xC2 and one of 0x80 to 0x9F in UTF-8, and 0xC2 only occurs at the
    /// start of a character.
    private static func hasControls(_ value: String) -> Bool {
        var value = value
        return value.withUTF8 { bytes in
            var previous: UInt8 = 0
            for byte in bytes {
                if byte < 0x20 || byte == 0x7F || previous == 0xC2 && byte < 0xA0 { return true }
                previous = byte
            }
            return false
        }
    }
}
