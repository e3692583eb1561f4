// Which tokens open which route of the control plane, and the header fields of every reply.

import Access
import Accounting
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Logging
import Prometheus
import Testing

@testable import AdminAPI

@Suite("Admin security")
struct AuthorizationTests {
    struct Ask: Sendable, CustomTestStringConvertible {
        let path: String
        var method = HTTPRequest.Method.get
        var authorization: [String] = []
        let status: HTTPResponse.Status
        var challenges: [String] = []
        var body: String?
        var testDescription: String { "\(method.rawValue) \(path) with \(authorization)" }
    }

    static func basic(_ user: String, _ password: String) -> String {
        "Basic \(Data("\(user):\(password)".utf8).base64EncodedString())"
    }

    static let bearer = #"Bearer realm="stint""#
    static let basicRealm = #"Basic realm="stint: the password is your token", charset="UTF-8""#
    static let invalid = #"Bearer realm="stint", error="invalid_token""#
    static let scopeMissing = #"Bearer realm="stint", error="insufficient_scope", scope="admin""#

    static let accountForbidden = #"Bearer realm="stint", error="insufficient_scope""#

    static let asks: [Ask] = [
        Ask(path: "/none", status: .ok, body: "nobody"),
        Ask(path: "/none", authorization: ["Bearer wrong"], status: .ok, body: "nobody"),
        Ask(path: "/runner", status: .unauthorized, challenges: [bearer, basicRealm]),
        Ask(path: "/runner", authorization: ["Bearer of-runner"], status: .ok, body: "ci"),
        Ask(path: "/runner", authorization: ["Bearer of-admin"], status: .ok, body: "ann"),
        Ask(
            path: "/runner", authorization: ["Bearer of-nobody"], status: .unauthorized,
            challenges: [invalid, basicRealm]),
        Ask(path: "/admin", status: .unauthorized, challenges: [bearer, basicRealm]),
        Ask(path: "/admin", method: .head, authorization: ["Bearer of-admin"], status: .ok),
        Ask(path: "/admin", authorization: ["Bearer of-admin"], status: .ok, body: "ann"),
        Ask(
            path: "/admin", authorization: ["Bearer of-runner"], status: .forbidden,
            challenges: [scopeMissing]),
        // The connection refuses this before any route sees it.
        Ask(
            path: "/admin", authorization: ["Bearer of-admin", "Bearer of-admin"], status: .unauthorized,
            challenges: [invalid, basicRealm]),
        Ask(path: "/admin", authorization: [basic("", "of-admin")], status: .ok, body: "ann"),
        Ask(path: "/admin", authorization: [basic("whoever", "of-admin")], status: .ok, body: "ann"),
        Ask(
            path: "/admin", authorization: [basic("ann", "of-runner")], status: .forbidden,
            challenges: [scopeMissing]),
        Ask(
            path: "/admin", authorization: [basic("of-admin", "")], status: .unauthorized,
            challenges: [invalid, basicRealm]),
        Ask(
            path: "/admin", authorization: [basic("a", "b of-admin")], status: .unauthorized,
            challenges: [invalid, basicRealm]),
        Ask(
            path: "/admin", authorization: ["Basic ***"], status: .unauthorized,
            challenges: [invalid, basicRealm]),
        // A browser sends this along with whatever a page makes it send.
        Ask(
            path: "/admin", method: .post, authorization: [basic("", "of-admin")], status: .unauthorized,
            challenges: [bearer]),
        Ask(path: "/admin", method: .post, authorization: ["Bearer of-admin"], status: .ok, body: "ann"),
        Ask(path: "/admin", method: .post, status: .unauthorized, challenges: [bearer]),
        Ask(path: "/of/acme", authorization: ["Bearer of-bound"], status: .ok, body: "bound"),
        Ask(
            path: "/of/%61cme", method: .post, authorization: ["Bearer of-bound"], status: .ok, body: "bound"),
        Ask(
            path: "/of/other", authorization: ["Bearer of-bound"], status: .forbidden,
            challenges: [accountForbidden]),
        Ask(
            path: "/of/other", method: .post, authorization: ["Bearer of-bound"], status: .forbidden,
            challenges: [accountForbidden]),
        Ask(
            path: "/of/other", authorization: [basic("", "of-bound")], status: .forbidden,
            challenges: [accountForbidden]),
        Ask(path: "/of/other", authorization: ["Bearer of-runner"], status: .ok, body: "ci"),
        // What is about no account is not for a token that is bound to some.
        Ask(
            path: "/runner", authorization: ["Bearer of-bound"], status: .forbidden,
            challenges: [accountForbidden]),
        Ask(
            path: "/admin", authorization: ["Bearer of-bound"], status: .forbidden,
            challenges: [scopeMissing]),
    ]

    private static func tokens(_ entries: (String, Scope, String)...) throws -> CurrentTokens {
        CurrentTokens(
            TokenBook(
                try entries.map { name, scope, token in
                    try #require(
                        TokenBook.Entry(name: name, scopes: [scope], digest: TokenDigest(of: token.utf8)))
                }))
    }

    private static func application(_ tokens: CurrentTokens?) -> some ApplicationProtocol {
        let router = Router(context: AdminContext.self, options: .autoGenerateHeadEndpoints)
        let authorization = Authorization(tokens: tokens)
        let scopes: [(RouterPath, AdminRoutes.Scope)] = [
            ("/none", .none), ("/runner", .runner), ("/admin", .admin), ("/of/:account", .runner),
        ]
        for (path, scope) in scopes {
            for method in [HTTPRequest.Method.get, .post] {
                router.on(path, method: method) { request, context in
                    try await authorization.guarding(scope, request, context) { context in
                        Response(
                            status: .ok,
                            body: .init(byteBuffer: ByteBuffer(string: context.caller ?? "nobody")))
                    }
                }
            }
        }
        return Application(router: router, logger: Logger.quiet)
    }

    @Test("A route asks for its scope", arguments: asks)
    func scopes(ask: Ask) async throws {
        let some = try Self.tokens(("ci", .runner, "of-runner"), ("ann", .admin, "of-admin"))
        let bound = try #require(
            TokenBook.Entry(
                name: "bound", scopes: [.runner], accounts: AccountSet("acme"),
                digest: TokenDigest(of: "of-bound".utf8)))
        let tokens = CurrentTokens(TokenBook(some.book.entries + [bound]))
        try await Self.application(tokens).test(.router) { client in
            var headers = HTTPFields()
            for field in ask.authorization { headers.append(HTTPField(name: .authorization, value: field)) }
            try await client.execute(uri: ask.path, method: ask.method, headers: headers) { response in
                #expect(response.status == ask.status)
                #expect(response.headers[values: .wwwAuthenticate] == ask.challenges)
                if let body = ask.body { #expect(String(buffer: response.body) == body) }
                if response.status != .ok {
                    #expect(response.headers[.contentType] == "application/problem+json")
                }
            }
        }
    }

    @Test("Without tokens everybody may; with others, only they")
    func replaced() async throws {
        try await Self.application(nil).test(.router) { client in
            try await client.execute(uri: "/admin", method: .post) { #expect($0.status == .ok) }
        }
        let tokens = try Self.tokens(("ann", .admin, "of-admin"))
        try await Self.application(tokens).test(.router) { client in
            let headers: HTTPFields = [.authorization: "Bearer of-admin"]
            try await client.execute(uri: "/admin", method: .get, headers: headers) {
                #expect($0.status == .ok)
            }
            tokens.replace(TokenBook([]))
            try await client.execute(uri: "/admin", method: .get, headers: headers) {
                #expect($0.status == .unauthorized)
            }
        }
    }

    @Test(
        "Every reply forbids browsers what they need not do, and has a name",
        arguments: ["/livez", "/nothing"])
    func headers(path: String) async throws {
        let book = try PlanBook.builtIn()
        for isSecure in [false, true] {
            let secure: AdminSecurity.Secure? = isSecure ? { @Sendable _ in } : nil
            let server = AdminServer(
                host: "127.0.0.1", port: 0,
                controlPlane: ControlPlane(
                    metrics: PrometheusMetrics(logger: Logger.quiet), readiness: { .ready },
                    clock: { Timestamp(ms: 1_800_000_000_000) }, planBook: { book }),
                security: AdminSecurity(secure: secure),
                logger: Logger.quiet)
            try await server.service.test(.live) { client in
                try await client.execute(uri: path, method: .get) { response in
                    for (name, value) in [
                        ("X-Content-Type-Options", "nosniff"), ("Referrer-Policy", "no-referrer"),
                        ("Cross-Origin-Opener-Policy", "same-origin"),
                        ("Cross-Origin-Resource-Policy", "same-origin"),
                        ("Cross-Origin-Embedder-Policy", "require-corp"),
                        (
                            "Content-Security-Policy",
                            "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; "
                                + "connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
                        ),
                        ("Permissions-Policy", "camera=(), geolocation=(), microphone=()"),
                    ] { #expect(response.headers[.init(name)!] == value) }
                    #expect(
                        response.headers[.strictTransportSecurity] == (isSecure ? "max-age=31536000" : nil))
                    let id = try #require(response.headers[RequestIdentity.field])
                    #expect(id.wholeMatch(of: /[0-9a-f]{16,64}/) != nil, "\(id)")
                }
            }
        }
    }

    @Test(
        "A good id of the caller's is kept, another is not",
        arguments: [
            (["a"], true), ([String(repeating: "~", count: 128)], true), (["7f!{}\""], true),
            ([String(repeating: "a", count: 129)], false), (["a b"], false), (["ä"], false),
            (["a", "b"], false),
            ([], false),
        ])
    func identity(ids: [String], isKept: Bool) {
        var headers = HTTPFields()
        for id in ids { headers.append(HTTPField(name: RequestIdentity.field, value: id)) }
        #expect(RequestIdentity.id(in: headers) == (isKept ? ids[0] : nil))
    }
}
