// Resource quotas over HTTP, on a real Redis.

import Accounting
import ControlStore
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Logging
import Metrics
import NIOCore
import NIOPosix
import Prometheus
import Redis
import TestServers
import Testing
import WireFormat

@testable import AdminAPI

@Suite("Resource routes", .timeLimit(.minutes(2)))
struct ResourceRoutesTests {
    static let small = Result {
        let limit = try Limit(name: "executions", meter: .executions, amount: 10, windowMs: 60_000)
        return try PlanBook(
            plans: [Plan(name: "small", limits: [limit], resources: ["secrets": 2, "hooks": 100])],
            default: "small")
    }

    @Test("A resource is registered, read, changed, listed and released")
    func life() async throws {
        try await Self.withClient { client in
            var reply = try await client.ask(.put, "/secrets/key", #" {"b" : 1, "a":[null,true,0.5,"x"]} "#)
            #expect(reply.status == .created)
            let body = #""kind":"secrets","metadata":{"a":[null,true,0.5,"x"],"b":1},"name":"key","quota":2,"#
            #expect(reply.text == "{\(body)\"used\":1}")
            reply = try await client.ask(.get, "/secrets/key")
            #expect(reply.status == .ok && reply.text == "{\(body)\"used\":1}")
            reply = try await client.ask(.put, "/secrets/key")
            #expect(reply.status == .ok && reply.text == "{\(body)\"used\":1}", "metadata stays")
            reply = try await client.ask(.put, "/secrets/key", "{}")
            #expect(reply.status == .ok && reply.text.contains(#""metadata":{}"#))
            reply = try await client.ask(.put, "/secrets/other")
            #expect(reply.status == .created && !reply.text.contains("metadata"))
            reply = try await client.ask(.get, "/secrets?limit=1")
            #expect(
                reply.text == #"{"kind":"secrets","names":[{"metadata":{},"name":"key"}],"next":"key","#
                    + #""quota":2,"used":2}"#)
            reply = try await client.ask(.get, "/secrets?after=key")
            #expect(reply.text == #"{"kind":"secrets","names":[{"name":"other"}],"quota":2,"used":2}"#)
            reply = try await client.ask(.get, "")
            #expect(
                reply.text == #"{"resources":[{"kind":"hooks","quota":100,"used":0},"#
                    + #"{"kind":"secrets","quota":2,"used":2}]}"#)
            #expect(try await client.ask(.delete, "/secrets/key").status == .noContent)
            #expect(try await client.ask(.delete, "/secrets/key").problem == .notFound)
            #expect(try await client.ask(.get, "/secrets/key").problem == .notFound)
        }
    }

    @Test("Over the quota is 429 without Retry-After, says which kind, and changes nothing")
    func overQuota() async throws {
        try await Self.withClient { client in
            for name in ["a", "b"] { _ = try await client.ask(.put, "/secrets/\(name)") }
            let reply = try await client.ask(.put, "/secrets/c", "{}")
            #expect(reply.status == .tooManyRequests)
            #expect(reply.headers[.retryAfter] == nil)
            #expect(
                reply.text.hasSuffix(
                    #""status":429,"detail":"2 secrets are registered, the quota is 2","#
                        + #""violated-policies":["secrets"]}"#))
            #expect(try await client.ask(.put, "/secrets/b").status == .ok)
            #expect(try await client.ask(.get, "/secrets/c").problem == .notFound)
        }
    }

    static let naughty = [
        "a/b", "/", "//", "a%b", "%2F", "100%", "?", "#", "a?b#c", "a b", " ", "+", "&=", ";", "\\", "\"",
        "'", "<b>",
        "é", "e\u{301}", "雪だるま", "🙂", "\u{202E}", ".", "..", "...", "-", "(", "[", "{acme}", ":kind", "**",
        String(repeating: "n", count: 200), String(repeating: "é", count: 100),
    ]

    @Test("Any name of 1 to 200 bytes without control characters goes in and comes out as it is")
    func names() async throws {
        try await Self.withClient { client in
            for name in Self.naughty {
                let path = "/hooks/" + Self.encoded(name)
                let reply = try await client.ask(.put, path, #"{"of":"it"}"#)
                #expect(reply.status == .created, "\(name)")
                let body = try reply.decoded(ResourceBody.self)
                #expect(body.name.utf8.elementsEqual(name.utf8))
                #expect(try await client.ask(.get, path).status == .ok)
            }
            var page = try await client.ask(.get, "/hooks?limit=7").decoded(ResourcePage.self)
            var listed = page.names.map(\.name)
            while let next = page.next {
                let query = "/hooks?limit=7&after=" + Self.encoded(next)
                page = try await client.ask(.get, query).decoded(ResourcePage.self)
                listed += page.names.map(\.name)
            }
            let sorted = Self.naughty.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
            #expect(listed.map { Array($0.utf8) } == sorted.map { Array($0.utf8) })
            for name in Self.naughty {
                #expect(try await client.ask(.delete, "/hooks/" + Self.encoded(name)).status == .noContent)
            }
        }
    }

    struct Refusal: Sendable, CustomTestStringConvertible {
        let method: HTTPRequest.Method
        let path: String
        var body: String?
        var type = "application/json"
        let problem: ProblemType
        var testDescription: String { "\(method) \(path.prefix(60)) \(body?.prefix(40) ?? "")" }
    }

    static let refusals: [Refusal] = [
        Refusal(method: .put, path: "/secrets/%00", problem: .malformedParameter),
        Refusal(method: .put, path: "/secrets/a%0Ab", problem: .malformedParameter),
        Refusal(method: .put, path: "/secrets/%C2%85", problem: .malformedParameter),
        Refusal(method: .put, path: "/secrets/%FF", problem: .malformedParameter),
        Refusal(method: .put, path: "/secrets/%zz", problem: .malformedParameter),
        Refusal(
            method: .put, path: "/secrets/" + String(repeating: "n", count: 201), problem: .malformedParameter
        ),
        Refusal(method: .put, path: "/secrets/", problem: .methodNotAllowed),
        Refusal(method: .put, path: "/se%20crets/a", problem: .malformedParameter),
        Refusal(method: .put, path: "/spoons/a", problem: .notFound),
        Refusal(method: .get, path: "/spoons", problem: .notFound),
        Refusal(method: .get, path: "/spoons/a", problem: .notFound),
        Refusal(method: .delete, path: "/spoons/a", problem: .notFound),
        Refusal(method: .put, path: "/secrets/a?ttl=1", problem: .malformedParameter),
        Refusal(method: .get, path: "/secrets?limit=0", problem: .malformedParameter),
        Refusal(method: .get, path: "/secrets?limit=1001", problem: .malformedParameter),
        Refusal(method: .get, path: "/secrets?after=", problem: .malformedParameter),
        Refusal(method: .get, path: "/secrets?after=%07", problem: .malformedParameter),
        Refusal(
            method: .get, path: "/secrets?after=" + String(repeating: "n", count: 201),
            problem: .malformedParameter),
        Refusal(method: .get, path: "/secrets?limit=1&limit=2", problem: .malformedParameter),
        Refusal(method: .put, path: "/secrets/a", body: "[]", problem: .malformedJSON),
        Refusal(method: .put, path: "/secrets/a", body: "null", problem: .malformedJSON),
        Refusal(method: .put, path: "/secrets/a", body: "7", problem: .malformedJSON),
        Refusal(method: .put, path: "/secrets/a", body: "{", problem: .malformedJSON),
        Refusal(method: .put, path: "/secrets/a", body: #"{"a":1e999}"#, problem: .malformedJSON),
        Refusal(
            method: .put, path: "/secrets/a", body: "{\"a\":" + String(repeating: "[", count: 60_000),
            problem: .malformedJSON),
        Refusal(
            method: .put, path: "/secrets/a", body: "{}", type: "text/plain", problem: .unsupportedMediaType),
        Refusal(
            method: .put, path: "/secrets/a",
            body: #"{"a":"\#(String(repeating: "x", count: 1_017))"}"#, problem: .bodyTooLarge),
        Refusal(
            method: .put, path: "/secrets/a", body: String(repeating: " ", count: 65_537),
            problem: .bodyTooLarge),
    ]

    @Test("What cannot be is refused with its problem, and nothing is registered")
    func refused() async throws {
        try await Self.withClient { client in
            for refusal in Self.refusals {
                let reply = try await client.ask(
                    refusal.method, refusal.path, refusal.body, type: refusal.type)
                #expect(reply.problem == refusal.problem, "\(refusal.testDescription): \(reply.text)")
            }
            let largest = #"{"a":"\#(String(repeating: "x", count: 1_016))"}"#
            #expect(try await client.ask(.get, "/secrets").text.contains(#""used":0"#))
            #expect(try await client.ask(.put, "/secrets/a", largest).status == .created)
        }
    }

    @Test("Without Redis there is nothing to keep it in: 501")
    func inMemory() async throws {
        let book = try Self.small.get()
        let controlPlane = ControlPlane(
            metrics: PrometheusMetrics(logger: Logger.quiet), readiness: { .ready },
            clock: { Timestamp(ms: 1_800_000_000_000) }, planBook: { book })
        try await Self.withClient(controlPlane) { client in
            for path in ["", "/secrets", "/secrets/a"] {
                let reply = try await client.ask(.get, path)
                #expect(reply.problem == .needsRedis)
            }
        }
    }

    // MARK: Asking

    /// Every byte but letters and digits, so that nothing on the way takes it for its own.
    static func encoded(_ text: String) -> String {
        text.utf8.map { byte in
            let character = Character(Unicode.Scalar(byte))
            guard byte > 0x7F || !(character.isLetter || character.isNumber) else { return String(character) }
            return "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
        }.joined()
    }

    static func withClient(_ body: @Sendable (ResourceClient) async throws -> Void) async throws {
        let book = try small.get()
        try await RedisServer.withServer { redis in
            var settings = RedisSettings(url: try RedisURL(redis.url))
            settings.commandDeadline = .seconds(20)
            settings.connectDeadline = .seconds(10)
            let link = try await RedisClient.make(
                on: MultiThreadedEventLoopGroup.singleton.next(), settings: settings,
                logger: Logger.quiet, metrics: NOOPMetricsHandler.instance)
            try await link.start()
            try await eventually("the link is ready") { try await link.isReady }
            let controlPlane = ControlPlane(
                metrics: PrometheusMetrics(logger: Logger.quiet), readiness: { .ready },
                controlStore: ControlStore(redis: link, keys: ControlKeys(prefix: "stint:")),
                clock: { Timestamp(ms: 1_800_000_000_000) }, planBook: { book })
            do {
                try await withClient(controlPlane, body)
            } catch {
                try await link.close()
                throw error
            }
            try await link.close()
        }
    }

    static func withClient(
        _ controlPlane: ControlPlane, _ body: @Sendable (ResourceClient) async throws -> Void
    ) async throws {
        let server = AdminServer(
            host: "127.0.0.1", port: 0, controlPlane: controlPlane, logger: Logger.quiet)
        try await server.service.test(.live) { try await body(ResourceClient(client: $0)) }
    }
}

/// Asks about the resources of one account.
struct ResourceClient {
    struct Reply {
        let status: HTTPResponse.Status
        let headers: HTTPFields
        let text: String

        /// The type of the problem that it is; nil when it is none.
        var problem: ProblemType? {
            guard headers[.contentType] == "application/problem+json" else { return nil }
            return ProblemType.allCases.first {
                text.hasPrefix("{\"type\":\"\($0.uri)\"") && $0.status == status.code
            }
        }

        func decoded<Body: Decodable>(_: Body.Type) throws -> Body {
            try JSONDecoder().decode(Body.self, from: Data(text.utf8))
        }
    }

    let client: any TestClientProtocol

    func ask(
        _ method: HTTPRequest.Method, _ path: String, _ body: String? = nil, type: String = "application/json"
    ) async throws -> Reply {
        let response = try await client.execute(
            uri: "/v1/accounts/acme/resources" + path, method: method,
            headers: body == nil ? [:] : [.contentType: type], body: body.map { ByteBuffer(string: $0) })
        return Reply(
            status: response.status, headers: response.headers, text: String(buffer: response.body))
    }
}
