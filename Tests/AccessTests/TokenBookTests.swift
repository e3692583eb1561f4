// The token file's text, line by line, and the entry that belongs to a token.

import Testing

@testable import Access

@Suite("Token book")
struct TokenBookTests {
    /// SHA-256 of `abc`, from FIPS 180-2.
    static let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    static let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

    @Test("A digest is SHA-256, in hexadecimal digits of either case")
    func digest() throws {
        #expect(TokenDigest(of: "abc".utf8).hex == Self.abc)
        #expect(TokenDigest(of: "".utf8).hex == Self.empty)
        #expect(TokenDigest(hex: Self.abc.uppercased()) == TokenDigest(of: "abc".utf8))
        #expect(TokenDigest(hex: Self.abc) != TokenDigest(of: "abd".utf8))
    }

    @Test("Any bit makes another digest")
    func everyBit() throws {
        let digest = try #require(TokenDigest(hex: Self.empty))
        for place in 0..<64 {
            var digits = Array(Self.empty)
            digits[place] = digits[place] == "0" ? "1" : "0"
            #expect(try #require(TokenDigest(hex: String(digits))) != digest)
        }
    }

    @Test(
        "What is no digest is refused",
        arguments: [
            "", "ba", String(abc.dropLast()), abc + "0", "g" + abc.dropFirst(), "+" + abc.dropFirst(),
        ])
    func noDigest(text: String) { #expect(TokenDigest(hex: text) == nil) }

    @Test("A file has a line for each token, comments and empty lines")
    func file() throws {
        let book = try TokenBook(
            text: TokenBook.heading
                + "\n  \n# more\r\nci\trunner  \(Self.abc)\r\n ann@example.org admin,runner \(Self.empty)")
        #expect(book.entries.map(\.name) == ["ci", "ann@example.org"])
        #expect(book.entries.map(\.scopes) == [[.runner], [.admin, .runner]])
        #expect(book.entry(for: "abc".utf8)?.name == "ci")
        #expect(book.entry(for: "".utf8)?.name == "ann@example.org")
        #expect(book.entry(for: "abd".utf8) == nil)
        #expect(try TokenBook(text: "").entries.isEmpty)
        let again = try TokenBook(text: book.entries.map(\.line).joined())
        #expect(again.entries == book.entries)
    }

    @Test("A token that is bound to accounts speaks for these, any other for all; its line says which")
    func accounts() throws {
        let book = try TokenBook(text: "ci runner \(Self.abc) beta-*,acme\nann runner \(Self.empty)\n")
        let (bound, free) = (book.entries[0], book.entries[1])
        for account in ["acme", "beta-", "beta-1"] { #expect(bound.speaks(for: account)) }
        for account in ["", "acm", "acme2", "beta", "Acme", "acme,beta-*", "beta-*".uppercased()] {
            #expect(!bound.speaks(for: account), "\(account)")
            #expect(free.speaks(for: account))
        }
        #expect(bound.line == "ci runner \(Self.abc) acme,beta-*\n")
        #expect(try TokenBook(text: bound.line).entries == [bound])
    }

    @Test(
        "What is no list of accounts is refused",
        arguments: [
            "", ",", "acme,", "*", "a*b", "**", "ac/me", "ac me", "é", String(repeating: "a", count: 129),
        ])
    func noAccounts(text: String) { #expect(AccountSet(text) == nil) }

    @Test("A list has at most 100 accounts")
    func manyAccounts() {
        func text(_ count: Int) -> String { (0..<count).map { "a\($0)" }.joined(separator: ",") }
        #expect(AccountSet(text(100))?.contains("a99") == true)
        #expect(AccountSet(text(101)) == nil)
    }

    @Test("Admins may do what runners may")
    func scopes() throws {
        let digest = TokenDigest(of: "abc".utf8)
        let runner = try #require(TokenBook.Entry(name: "r", scopes: [.runner], digest: digest))
        let admin = try #require(TokenBook.Entry(name: "a", scopes: [.admin], digest: digest))
        #expect(runner.may(.runner) && !runner.may(.admin))
        #expect(admin.may(.runner) && admin.may(.admin))
        let accounts = try #require(AccountSet("acme"))
        #expect(TokenBook.Entry(name: "a", scopes: [.admin], accounts: accounts, digest: digest) == nil)
    }

    struct Bad: Sendable {
        let text: String
        let error: String
    }

    @Test(
        "A line that cannot be is refused with its number, and is not repeated",
        arguments: [
            Bad(
                text: "\nci runner\n",
                error:
                    "2: must be NAME SCOPES DIGEST [ACCOUNTS], such as one that stint token create has written"
            ),
            Bad(
                text: "ci runner \(abc) acme more",
                error:
                    "1: must be NAME SCOPES DIGEST [ACCOUNTS], such as one that stint token create has written"
            ),
            Bad(text: "ci runner \(abc) acme,", error: "1: the accounts must be \(AccountSet.rule)"),
            Bad(text: "ci admin \(abc) acme", error: "1: only a token of scope runner has accounts"),
            Bad(text: "ci runner,admin \(abc) acme", error: "1: only a token of scope runner has accounts"),
            Bad(text: "ci root \(abc)", error: "1: the scopes must be runner, admin or runner,admin"),
            Bad(text: "ci runner, \(abc)", error: "1: the scopes must be runner, admin or runner,admin"),
            Bad(text: "ci Runner \(abc)", error: "1: the scopes must be runner, admin or runner,admin"),
            Bad(
                text: "ci runner stint_secret",
                error: "1: the digest must be 64 hexadecimal digits, the SHA-256 of the token"),
            Bad(text: "c/i runner \(abc)", error: "1: the name must be \(TokenBook.Entry.nameRule)"),
            Bad(
                text: "\(String(repeating: "c", count: 65)) runner \(abc)",
                error: "1: the name must be \(TokenBook.Entry.nameRule)"),
            Bad(text: "ci runner \(abc)\nci admin \(empty)\n", error: "2: duplicate name 'ci'"),
            Bad(text: "ci runner \(abc)\n\nann admin \(abc)\n", error: "3: duplicate of the token of line 1"),
        ])
    func refusals(bad: Bad) {
        let error = #expect(throws: TokenTextError.self) { try TokenBook(text: bad.text) }
        #expect(error?.description == bad.error)
    }

    @Test("There are at most 1,000")
    func tooMany() throws {
        func text(_ count: Int) -> String {
            (0..<count).map { "n\($0) runner \(TokenDigest(of: "\($0)".utf8).hex)\n" }.joined()
        }
        #expect(try TokenBook(text: text(1_000)).entries.count == 1_000)
        let error = #expect(throws: TokenTextError.self) { try TokenBook(text: text(1_001)) }
        #expect(error?.description == "1001: more than 1000 tokens")
        #expect(text(1_000).utf8.count < TokenBook.maximumTextBytes)
    }

    @Test("A token has a prefix and 256 bits of chance, in a form that a header field can carry")
    func token() throws {
        var random = SystemRandomNumberGenerator()
        let token = Token(random: &random)
        #expect(token.text.wholeMatch(of: /stint_[0-9a-f]{64}/) != nil)
        #expect(Credentials("Bearer \(token.text)") == .bearer(token.text[...]))
        #expect(Token(random: &random).text != token.text)
        #expect(token.digest == TokenDigest(of: token.text.utf8))
        var zeros = Zeros()
        #expect(Token(random: &zeros).text == "stint_" + String(repeating: "0", count: 64))
    }

    private struct Zeros: RandomNumberGenerator {
        mutating func next() -> UInt64 { 0 }
    }
}
