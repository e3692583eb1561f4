// The accounts that a token is for. `Accounting` has the rule of an account's name; this only
// compares names.

/// Some accounts, by their whole names or by prefixes.
public struct AccountSet: Sendable, Equatable {
    /// The maximum number of patterns.
    public static let maximumPatterns = 100
    /// The form of the text, for messages.
    public static let rule =
        "1 to \(maximumPatterns) accounts, separated by commas; one that ends with * is a prefix"

    private let names: Set<String>
    private let prefixes: [String]

    /// - Parameter text: such as `acme,beta-*`.
    /// - Returns: nil if the text breaks ``rule``.
    public init?(_ text: some StringProtocol) {
        let patterns = text.split(separator: ",", omittingEmptySubsequences: false)
        guard patterns.count <= Self.maximumPatterns else { return nil }
        var (names, prefixes): (Set<String>, Set<String>) = ([], [])
        for pattern in patterns {
            let isPrefix = pattern.hasSuffix("*")
            let name = isPrefix ? String(pattern.dropLast()) : String(pattern)
            // A lone * would be every account; a token without accounts is for those already.
            guard (1...128).contains(name.utf8.count), name.utf8.allSatisfy(\.isAccountByte) else {
                return nil
            }
            if isPrefix { prefixes.insert(name) } else { names.insert(name) }
        }
        self.names = names
        self.prefixes = prefixes.sorted()
    }

    public func contains(_ account: String) -> Bool {
        names.contains(account) || prefixes.contains { account.utf8.starts(with: $0.utf8) }
    }

    /// The accounts as text: sorted, separated by commas.
    public var text: String { (names.sorted() + prefixes.map { $0 + "*" }).joined(separator: ",") }
}

extension UInt8 {
    fileprivate var isAccountByte: Bool {
        switch self {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: ":"),
            UInt8(ascii: "@"), UInt8(ascii: "-"):
            true
        default: false
        }
    }
}
