// Whose quota it is. Validated once, where it enters, so that everything below can rely on its
// bytes: Redis keys need no escaping, for example.

/// Whose quota it is: 1 to 128 bytes of `A-Z a-z 0-9 . _ : @ -`.
public struct Account: Hashable, Sendable, CustomStringConvertible {
    public let name: String

    public static let rule = NameRule.account

    /// - Returns: nil when `name` breaks ``rule``.
    public init?(_ name: String) {
        guard Self.rule.allows(name) else { return nil }
        self.name = name
    }

    public var description: String { name }
}
