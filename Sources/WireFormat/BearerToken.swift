// The secret that a client sends along. Checked before anything is sent, and never shown.

/// A token of `Authorization: Bearer TOKEN` (RFC 6750, section 2.1). Descriptions do not show it.
public struct BearerToken: Hashable, Sendable {
    /// Bytes; Stint knows no longer ones.
    public static let longest = 256
    /// What a token is made of, for complaints.
    public static let rule = "1 to \(longest) bytes of A-Z a-z 0-9 - . _ ~ + /, then any number of ="

    /// The token itself.
    public let text: String

    /// What the `Authorization` field says.
    public var field: String { "Bearer \(text)" }

    /// - Parameter text: the token; white space behind it, such as the line feed at the end of a
    ///   file, does not belong to it.
    /// - Throws: ``BearerTokenError`` when no token looks like that.
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

/// A text is no token. Nothing of it is repeated.
public struct BearerTokenError: Error, Hashable, Sendable, CustomStringConvertible {
    public var description: String { "the token is invalid: it must be \(BearerToken.rule)" }
}
