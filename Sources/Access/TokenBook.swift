// Who may ask, as one immutable snapshot. Requests are checked against it; a reload hands over
// another.

/// Every token that is accepted.
///
/// An object, so that "has it changed since?" is a comparison of identities.
public final class TokenBook: Sendable {
    /// One token, without the token.
    public struct Entry: Sendable, Equatable {
        /// For logs and the audit: 1 to 64 bytes of `A-Z a-z 0-9 . _ @ -`.
        public let name: String
        public let scopes: Set<Scope>
        /// The accounts that it may speak for; nil: all.
        public let accounts: AccountSet?
        let digest: TokenDigest

        /// - Returns: nil when the name breaks its rule, without a scope, or when an admin's is
        ///   bound to accounts: plans are everybody's.
        public init?(name: String, scopes: Set<Scope>, accounts: AccountSet? = nil, digest: TokenDigest) {
            guard (1...Entry.longestName).contains(name.utf8.count), name.utf8.allSatisfy(\.isNameByte),
                !scopes.isEmpty, accounts == nil || !scopes.contains(.admin)
            else { return nil }
            self.name = name
            self.scopes = scopes
            self.accounts = accounts
            self.digest = digest
        }

        /// For complaints.
        public static let nameRule = "1 to 64 bytes of A-Z a-z 0-9 . _ @ -"
        private static let longestName = 64

        public func may(_ scope: Scope) -> Bool { scopes.contains(scope) || scopes.contains(.admin) }

        public func speaks(for account: String) -> Bool { accounts?.contains(account) ?? true }
    }

    /// More are refused.
    public static let maximumEntries = 1_000

    public let entries: [Entry]

    public init(_ entries: [Entry]) { self.entries = entries }

    /// Whose token that is. Looks at every entry, whether it has found one or not.
    public func entry(for token: some Sequence<UInt8>) -> Entry? {
        let digest = TokenDigest(of: token)
        var found: Entry?
        for entry in entries where entry.digest == digest { found = entry }
        return found
    }
}

extension UInt8 {
    fileprivate var isNameByte: Bool {
        switch self {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "@"),
            UInt8(ascii: "-"):
            true
        default: false
        }
    }
}
