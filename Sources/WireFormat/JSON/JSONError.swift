// Why bytes are not JSON, and where. `BodyError` describes an invalid field of a well-formed body.

/// The first offset at which bytes stop being a JSON document (RFC 8259).
///
/// Its description is for the author of the document: `expected ',' or '}' at byte 17`.
public struct JSONError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Why a document is invalid. The raw value is the text for people.
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

    /// What was expected, or is invalid.
    public let reason: Reason
    /// The offset in bytes, from 0; the document's length if it ends too early.
    public let offset: Int

    public init(_ reason: Reason, at offset: Int) {
        self.reason = reason
        self.offset = offset
    }

    public var description: String { "\(reason.rawValue) at byte \(offset)" }
}
