// The accepted tokens, as one immutable snapshot. Requests are checked against it; a reload
// replaces it.

/// All accepted tokens.
///
/// It is an object, so that comparing identities shows whether it has changed.
public final class TokenBook: Sendable {
    /// One token, by its digest.
    public struct Entry: Sendable, Equatable {
        /// The name for the logs and the audit log: 1 to 64 bytes of `A-Z a-z 0-9 . _ @ -`.
        public let name: String
        public let scopes: Set<Scope>
        /// The accounts that the token is for; nil: all.
        public let accounts: AccountSet?
        let digest: TokenDigest

        /// - Returns: nil if the name is invalid, there is no scope, or an admin's token is bound
        ///   to accounts, because plans belong to all accounts.
        public init?(name: String, scopes: Set<Scope>, accounts: AccountSet? = nil, digest: TokenDigest) {
            guard (1...Entry.longestName).contains(name.utf8.count), name.utf8.allSatisfy(\.isNameByte),
                !scopes.isEmpty, accounts == nil || !scopes.contains(.admin)
            else { return nil }
            self.name = name
            self.scopes = scopes
            self.accounts = accounts
            self.digest = digest
        }

        /// The rule of a name, for messages.
        public static let nameRule = "1 to 64 bytes of A-Z a-z 0-9 . _ @ -"
        private static let longestName = 64

        public func may(_ scope: Scope) -> Bool { scopes.contains(scope) || scopes.contains(.admin) }

        public func speaks(for account: String) -> Bool { accounts?.contains(account) ?? true }
    }

    /// The maximum number of tokens.
    public static let maximumEntries = 1_000

    public let entries: [Entry]

    public init(_ entries: [Entry]) { self.entries = entries }

    /// The entry of a token. Compares every entry, even after it has found one.
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
