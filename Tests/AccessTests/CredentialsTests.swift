// The `Authorization` field by RFC 9110 and RFC 6750, and the check that remembers an accepted
// field.

import Testing

@testable import Access

@Suite("Credentials")
struct CredentialsTests {
    @Test(
        "A field is a scheme and what follows it",
        arguments: [
            ("Bearer abc", .bearer("abc")), ("bearer abc", .bearer("abc")), ("BEARER   abc", .bearer("abc")),
            (" Bearer abc\t", .bearer("abc")), ("Bearer a-._~+/9Z==", .bearer("a-._~+/9Z==")),
            ("Bearer", .malformed), ("Bearer ", .malformed), ("Bearer a b", .malformed),
            ("Bearer =a", .malformed), ("Bearer a=b", .malformed), ("Bearer a,b", .malformed),
            ("Bearer \"a\"", .malformed), ("Bearer ä", .malformed), ("Bearer a\u{0}", .malformed),
            ("Bearer\ta", .foreign), ("Bearera b", .foreign),
            ("Basic dTpw", .basic("dTpw")), ("basic  dTpw ", .basic("dTpw")), ("Basic", .foreign),
            ("Digest a=b", .foreign), ("", .foreign), ("abc", .foreign),
        ] as [(String, Credentials)])
    func field(text: String, expected: Credentials) { #expect(Credentials(text) == expected) }

    @Test("A token has at most 256 bytes")
    func longest() {
        let token = String(repeating: "a", count: 256)
        #expect(Credentials("Bearer \(token)") == .bearer(token[...]))
        #expect(Credentials("Bearer \(token)a") == .malformed)
    }

    private static func book(_ tokens: (name: String, token: String, scope: Scope)...) throws -> TokenBook {
        TokenBook(
            try tokens.map {
                try #require(
                    TokenBook.Entry(name: $0.name, scopes: [$0.scope], digest: TokenDigest(of: $0.token.utf8))
                )
            })
    }

    private static func challenge(_ work: () throws -> Void) -> AuthenticationError? {
        do {
            try work()
            return nil
        } catch {
            return error as? AuthenticationError
        }
    }

    @Test("Each request is checked: another field, a shorter one, a longer one, none")
    func check() throws {
        let book = try Self.book(("ci", "secret", .runner), ("ann", "other", .admin))
        var check = BearerCheck()
        for _ in 0..<2 {
            #expect(try check.check("Bearer secret", in: book, for: .runner).name == "ci")
            #expect(try check.check("Bearer other", in: book, for: .runner).name == "ann")
            for (field, expected) in [
                ("Bearer secreT", .tokenInvalid), ("Bearer secre", .tokenInvalid),
                ("Bearer secretx", .tokenInvalid),
                ("Bearer", .tokenInvalid), ("Basic c2VjcmV0", .tokenMissing), (nil, .tokenMissing),
            ] as [(String?, AuthenticationError)] {
                #expect(Self.challenge { _ = try check.check(field, in: book, for: .runner) } == expected)
            }
        }
    }

    @Test("What is remembered is forgotten when the book changes, and never widens a scope")
    func remembered() throws {
        var check = BearerCheck()
        let first = try Self.book(("ci", "secret", .runner))
        #expect(try check.check("Bearer secret", in: first, for: .runner).name == "ci")
        #expect(
            Self.challenge { _ = try check.check("Bearer secret", in: first, for: .admin) }
                == .scopeMissing(.admin))
        let second = try Self.book(("ci", "new", .runner))
        #expect(
            Self.challenge { _ = try check.check("Bearer secret", in: second, for: .runner) } == .tokenInvalid
        )
        let third = try Self.book(("boss", "secret", .admin))
        #expect(try check.check("Bearer secret", in: third, for: .admin).name == "boss")
    }
}
