// Why bytes are not JSON, and where. What is wrong with a field of a well-formed body is
// `BodyError`.

/// The first place at which bytes stop being a JSON document (RFC 8259).
///
/// Its description is made for the caller who wrote the document: `expected ',' or '}' at byte 17`.
public struct JSONError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What a JSON document may not hold. The raw value is the text a person reads.
    public enum Reason: String, CaseIterable, Sendable {
        case expectedValue = "expected a value"
        case expectedObject = "expected '{'"
        case expectedArray = "expected '['"
        case expectedString = "expected a string"
        case expectedNumber = "expected a number"
        case expectedBoolean = "expected true or false"
        case expectedName = "expected a member name in double quotes"
        case expectedColon = "expected ':'"
        case expectedCommaOrBrace = "expected ',' or '}'"
        case expectedCommaOrBracket = "expected ',' or ']'"
        case expectedEnd = "expected the end of the document"
        case tooDeep = "nested more than 32 levels deep"
        case openString = "the string is not closed"
        case controlCharacter = "a control character in a string must be escaped"
        case unknownEscape = "unknown escape sequence"
        case loneSurrogate = "half of a surrogate pair"
        case invalidUTF8 = "invalid UTF-8"
        case malformedNumber = "malformed number"
    }

    /// What was expected or is not allowed.
    public let reason: Reason
    /// The place, counted in bytes from 0; the document's length when it ends too early.
    public let offset: Int

    public init(_ reason: Reason, at offset: Int) {
        self.reason = reason
        self.offset = offset
    }

    public var description: String { "\(reason.rawValue) at byte \(offset)" }
}
