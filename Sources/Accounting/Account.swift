// The owner of a quota. Its name is validated once, where it enters, so that all later code can
// rely on its bytes: Redis keys need no escaping, for example.

/// The owner of a quota: 1 to 128 bytes of `A-Z a-z 0-9 . _ : @ -`.
public struct Account: Hashable, Sendable, CustomStringConvertible {
    public let name: String

    public static let rule = NameRule.account

    /// - Returns: nil if `name` breaks ``rule``.
    public init?(_ name: String) {
        guard Self.rule.allows(name) else { return nil }
        self.name = name
    }

    public var description: String { name }
}
