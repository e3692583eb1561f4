// The token that a client sends. It is checked before anything is sent, and never shown.

/// A token of `Authorization: Bearer TOKEN` (RFC 6750, section 2.1). Descriptions do not show it.
public struct BearerToken: Hashable, Sendable {
    /// The maximum length in bytes: Stint knows no longer tokens.
    public static let longest = 256
    /// The form of a token, for messages.
    public static let rule = "1 to \(longest) bytes of A-Z a-z 0-9 - . _ ~ + /, then any number of ="

    /// The token itself.
    public let text: String

    /// The value of the `Authorization` field.
    public var field: String { "Bearer \(text)" }

    /// - Parameter text: the token; white space after it, such as the line feed at the end of a
    ///   file, is removed.
    /// - Throws: ``BearerTokenError`` if the token is invalid.
    public init(_ text: String) throws(BearerTokenError) {
        let bytes = text.utf8
        let end = bytes.lastIndex { !Self.isBlank($0) }.map { bytes.index(after: $0) } ?? bytes.startIndex
        let token = Substring(bytes[..<end])
        guard Self.isToken(token) else { throw BearerTokenError() }
        self.text = String(token)
    }

    /// RFC 6750's `b64token`, not longer than ``longest``.
    public static func isToken(_ text: some StringProtocol) -> Bool {
        let bytes = text.utf8
        guard (1...longest).contains(bytes.count), bytes.first != UInt8(ascii: "=") else { return false }
        return bytes.drop(while: isPlain).allSatisfy { $0 == UInt8(ascii: "=") }
    }

    private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }

    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: "-._~+/".utf8.contains(byte)
        }
    }
}

extension BearerToken: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    public var description: String { "Bearer ***" }
    public var debugDescription: String { description }
    public var customMirror: Mirror { Mirror(self, children: [("token", description)]) }
}

/// An invalid token. The error repeats nothing of it.
public struct BearerTokenError: Error, Hashable, Sendable, CustomStringConvertible {
    public var description: String { "the token is invalid: it must be \(BearerToken.rule)" }
}
