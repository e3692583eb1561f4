// Requests with and without a token, to the byte, on a connection that stays.

import Access
import Testing

@testable import RunnerAPI

@Suite("Tokens of runners")
struct TokenTests {
    private static func book(_ tokens: String...) throws -> TokenBook {
        TokenBook(
            try tokens.map {
                try #require(TokenBook.Entry(name: $0, scopes: [.runner], digest: TokenDigest(of: $0.utf8)))
            })
    }

    /// One that speaks for `acme` alone, and one for all.
    private static func boundBook() throws -> TokenBook {
        let accounts = try #require(AccountSet("acme"))
        return TokenBook([
            try #require(
                TokenBook.Entry(
                    name: "bound", scopes: [.runner], accounts: accounts,
                    digest: TokenDigest(of: "bound".utf8))),
            try #require(
                TokenBook.Entry(name: "free", scopes: [.runner], digest: TokenDigest(of: "free".utf8))),
        ])
    }

    /// The four questions about an account that a caller may put.
    private static func questions(_ account: String, _ token: String) -> String {
        let fields = "Authorization: Bearer \(token)\r\n"
        let path = "/v1/accounts/\(account)"
        return EmbeddedClient.get("\(path)/limits", fields: fields)
            + EmbeddedClient.get("\(path)/limits", method: "HEAD", fields: fields)
            + EmbeddedClient.post("\(path)/executions", "{}", fields: fields)
            + EmbeddedClient.post("\(path)/executions/x/settle", #"{"durationMs":84}"#, fields: fields)
    }

    private static func statuses(_ reply: String) -> [String] {
        reply.matches(of: /HTTP\/1.1 (\d+)/).map { String($0.output.1) }
    }

    @Test(
        "A token that is bound to accounts asks and settles nothing of another's", arguments: [false, true])
    func bound(isTrusted: Bool) throws {
        let client = try EmbeddedClient(isTrusted: isTrusted)
        client.runner.tokens = try Self.boundBook()
        #expect(
            Self.statuses(try client.ask(Self.questions("acme", "bound"))) == ["200", "200", "201", "404"])
        #expect(
            Self.statuses(try client.ask(Self.questions("other", "bound"))) == ["403", "403", "403", "403"])
        // However the name is spelt.
        #expect(Self.statuses(try client.ask(Self.questions("%61cme", "bound")))[0] == "200")
        #expect(Self.statuses(try client.ask(Self.questions("acme%2E", "bound")))[0] == "403")
        #expect(
            Self.statuses(try client.ask(Self.questions("other", "free"))) == ["200", "200", "201", "404"])
        let fields = "Authorization: Bearer bound\r\n"
        let reply = try client.ask(EmbeddedClient.get("/v1/accounts/other/limits", fields: fields))
        #expect(
            reply
                == EmbeddedClient.reply(
                    "403 Forbidden",
                    [#"WWW-Authenticate: Bearer realm="stint", error="insufficient_scope""#],
                    #"{"type":"urn:stint:problem:account-forbidden","title":"Account Forbidden","status":403,"#
                        + #""detail":"the token is not for this account"}"#))
        #expect(client.isOpen)
    }

    @Test("On the Unix socket no token is needed, but one that is sent counts")
    func socket() throws {
        let client = try EmbeddedClient(isTrusted: true)
        client.runner.tokens = try Self.boundBook()
        #expect(Self.statuses(try client.ask(EmbeddedClient.get("/v1/accounts/other/limits"))) == ["200"])
        let unknown = try client.ask(
            EmbeddedClient.get("/v1/accounts/acme/limits", fields: "Authorization: Bearer wrong\r\n"))
        #expect(unknown == Self.invalid)
    }

    private static func peek(_ authorization: String?...) -> String {
        EmbeddedClient.get(
            "/v1/accounts/acme/limits",
            fields: authorization.compactMap { $0.map { "Authorization: \($0)\r\n" } }.joined())
    }

    private static func refusal(_ challenge: String, _ detail: String) -> String {
        EmbeddedClient.reply(
            "401 Unauthorized", ["WWW-Authenticate: \(challenge)"],
            #"{"type":"urn:stint:problem:unauthorized","title":"Unauthorized","status":401,"detail":"\#(detail)"}"#
        )
    }

    private static let missing = refusal(
        #"Bearer realm="stint""#, "the token is missing; send Authorization: Bearer TOKEN")
    private static let invalid = refusal(
        #"Bearer realm="stint", error="invalid_token""#, "the token is unknown; it may have been revoked")

    @Test("Without a good token nothing is answered, whatever it is, and the connection stays")
    func refused() throws {
        let client = try EmbeddedClient()
        client.runner.tokens = try Self.book("secret")
        #expect(try client.ask(Self.peek(nil)) == Self.missing)
        #expect(try client.ask(Self.peek("Basic c2VjcmV0")) == Self.missing)
        #expect(try client.ask(Self.peek("Bearer wrong")) == Self.invalid)
        #expect(try client.ask(Self.peek("Bearer secret x")) == Self.invalid)
        #expect(try client.ask(EmbeddedClient.get("/nothing")) == Self.missing)
        #expect(try client.ask(EmbeddedClient.admit()) == Self.missing)
        #expect(try client.ask(Self.peek("Bearer secret")).hasPrefix("HTTP/1.1 200 OK\r\n"))
        #expect(client.isOpen)
        let body = #""executionsRemaining":6000"#
        #expect(try client.ask(Self.peek("Bearer secret")).contains(body), "a refused ask was charged")
    }

    @Test("A good token is good for every request that carries it, and for no other")
    func pipelined() throws {
        let client = try EmbeddedClient()
        client.runner.tokens = try Self.book("one", "two")
        let reply = try client.ask(
            Self.peek("Bearer one") + Self.peek(nil) + Self.peek("bearer  two") + Self.peek("Bearer on"))
        #expect(
            reply.matches(of: /HTTP\/1.1 (\d+)/).map { String($0.output.1) } == ["200", "401", "200", "401"])
    }

    @Test("A token that is revoked is refused on the connection that it was good on")
    func revoked() throws {
        let client = try EmbeddedClient()
        client.runner.tokens = try Self.book("secret", "other")
        #expect(try client.ask(Self.peek("Bearer secret")).hasPrefix("HTTP/1.1 200 OK\r\n"))
        client.runner.tokens = try Self.book("other")
        #expect(try client.ask(Self.peek("Bearer secret")) == Self.invalid)
        #expect(try client.ask(Self.peek("Bearer other")).hasPrefix("HTTP/1.1 200 OK\r\n"))
    }

    @Test("Two tokens in one request are refused")
    func two() throws {
        let client = try EmbeddedClient()
        client.runner.tokens = try Self.book("secret")
        let reply = try client.ask(Self.peek("Bearer secret", "Bearer secret"))
        #expect(reply.hasPrefix("HTTP/1.1 400 Bad Request\r\n"))
        #expect(reply.contains("there must be one Authorization field"))
    }

    @Test("Where there are no tokens, nobody looks at the field")
    func none() throws {
        let client = try EmbeddedClient()
        #expect(try client.ask(Self.peek("Bearer wrong")).hasPrefix("HTTP/1.1 200 OK\r\n"))
        #expect(try client.ask(EmbeddedClient.admit()).hasPrefix("HTTP/1.1 201 Created\r\n"))
    }
}
