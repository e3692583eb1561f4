// The token file's text: a line per token, `NAME SCOPE[,SCOPE] SHA-256 [ACCOUNT,...]`, separated by
// blanks. Empty lines and lines that begin with # are skipped. A file with an invalid line is
// refused.

/// An invalid line, as `line: reason`, counted from 1. It never quotes the line.
public struct TokenTextError: Error, Equatable, CustomStringConvertible {
    public let line: Int
    public let reason: String

    public var description: String { "\(line): \(reason)" }
}

extension TokenBook {
    /// The first line of a file that Stint creates.
    public static let heading = "# NAME SCOPES SHA-256 [ACCOUNTS] of the token; see: stint token --help\n"
    /// The maximum size of a file in bytes.
    public static let maximumTextBytes = 262_144

    public convenience init(text: String) throws(TokenTextError) {
        var entries: [Entry] = []
        var lines: [TokenDigest: Int] = [:]
        // By scalars: to Swift, CR LF is one character, not a line feed.
        let rows = text.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false)
        for (index, row) in rows.enumerated() {
            let number = index + 1
            guard let entry = try Self.entry(Substring(row), at: number) else { continue }
            if entries.contains(where: { $0.name == entry.name }) {
                throw TokenTextError(line: number, reason: "duplicate name '\(entry.name)'")
            }
            if let first = lines.updateValue(number, forKey: entry.digest) {
                throw TokenTextError(line: number, reason: "duplicate of the token of line \(first)")
            }
            entries.append(entry)
            guard entries.count <= Self.maximumEntries else {
                throw TokenTextError(line: number, reason: "more than \(Self.maximumEntries) tokens")
            }
        }
        self.init(entries)
    }

    /// The fields of a line.
    public static func fields(of line: Substring) -> [Substring] {
        line.unicodeScalars.split { $0 == " " || $0 == "\t" || $0 == "\r" }.map { Substring($0) }
    }

    private static func entry(_ line: Substring, at number: Int) throws(TokenTextError) -> Entry? {
        let fields = fields(of: line)
        guard let first = fields.first, !first.hasPrefix("#") else { return nil }
        func error(_ reason: String) -> TokenTextError { TokenTextError(line: number, reason: reason) }
        guard fields.count == 3 || fields.count == 4 else {
            throw error(
                "must be NAME SCOPES DIGEST [ACCOUNTS], such as one that stint token create has written")
        }
        var scopes: Set<Scope> = []
        for word in fields[1].split(separator: ",", omittingEmptySubsequences: false) {
            guard let scope = Scope(rawValue: String(word)) else {
                throw error("the scopes must be runner, admin or runner,admin")
            }
            scopes.insert(scope)
        }
        guard let digest = TokenDigest(hex: fields[2]) else {
            throw error("the digest must be 64 hexadecimal digits, the SHA-256 of the token")
        }
        var accounts: AccountSet?
        if fields.count == 4 {
            guard !scopes.contains(.admin) else { throw error("only a token of scope runner has accounts") }
            accounts = AccountSet(fields[3])
            guard accounts != nil else { throw error("the accounts must be \(AccountSet.rule)") }
        }
        guard let entry = Entry(name: String(first), scopes: scopes, accounts: accounts, digest: digest)
        else {
            throw error("the name must be \(Entry.nameRule)")
        }
        return entry
    }
}

extension TokenBook.Entry {
    /// The entry as a line of a token file, with its line feed.
    public var line: String {
        let scopes = Scope.allCases.filter(scopes.contains).map(\.rawValue).joined(separator: ",")
        return "\(name) \(scopes) \(digest.hex)\(accounts.map { " " + $0.text } ?? "")\n"
    }
}
