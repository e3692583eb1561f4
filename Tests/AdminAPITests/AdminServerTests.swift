// The routes of the control plane, over a real socket.

import Accounting
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Logging
import Metrics
import NIOCore
import Prometheus
import Testing

@testable import AdminAPI

@Suite("Admin server")
struct AdminServerTests {
    struct Ask: Sendable, CustomTestStringConvertible {
        let method: HTTPRequest.Method
        let path: String
        let status: HTTPResponse.Status
        let type: String
        var body: String?
        var allow: String?
        var testDescription: String { "\(method.rawValue) \(path)" }
    }

    static let problem = "application/problem+json"
    static let asks: [Ask] = [
        Ask(method: .get, path: "/livez", status: .ok, type: "text/plain; charset=utf-8", body: "ok\n"),
        Ask(method: .head, path: "/livez", status: .ok, type: "text/plain; charset=utf-8", body: ""),
        Ask(
            method: .get, path: "/readyz", status: .serviceUnavailable, type: problem,
            body: ##"{"type":"https://iana.org/assignments/http-problem-types#temporary-reduced-capacity","##
                + #""title":"Temporary Reduced Capacity","status":503,"detail":"no \"ledger\""}"#),
        Ask(
            method: .get, path: "/metrics", status: .ok, type: "text/plain; version=0.0.4; charset=utf-8",
            body: "# TYPE asked counter\nasked 1\n"),
        Ask(
            method: .get, path: "/nothing", status: .notFound, type: problem,
            body: #"{"type":"urn:stint:problem:unknown-route","title":"Unknown Route","status":404,"#
                + #""detail":"GET /nothing"}"#),
        Ask(
            method: .post, path: "/metrics", status: .methodNotAllowed, type: problem,
            body:
                #"{"type":"urn:stint:problem:method-not-allowed","title":"Method Not Allowed","status":405,"#
                + #""detail":"POST /metrics"}"#,
            allow: "GET, HEAD"),
        Ask(method: .delete, path: "/livez", status: .methodNotAllowed, type: problem, allow: "GET, HEAD"),
        Ask(
            method: .init("PROPFIND")!, path: "/livez", status: .methodNotAllowed, type: problem,
            allow: "GET, HEAD"),
    ]

    @Test("Every route, and what is no route, is answered", arguments: asks)
    func routes(ask: Ask) async throws {
        let book = try PlanBook.builtIn()
        let metrics = PrometheusMetrics(logger: Logger.quiet)
        Counter(label: "asked", factory: metrics).increment()
        let server = AdminServer(
            host: "127.0.0.1", port: 0,
            controlPlane: ControlPlane(
                metrics: metrics, readiness: { .notReady(reason: "no \"ledger\"") },
                clock: { Timestamp(ms: 1_800_000_000_000) }, planBook: { book }),
            logger: Logger.quiet)
        try await server.service.test(.live) { client in
            try await client.execute(uri: ask.path, method: ask.method) { response in
                #expect(response.status == ask.status)
                #expect(response.headers[.contentType] == ask.type)
                #expect(response.headers[.cacheControl] == "no-store")
                #expect(response.headers[.allow] == ask.allow)
                if let body = ask.body { #expect(String(buffer: response.body) == body) }
            }
        }
    }

    @Test("A ready process says 200")
    func ready() async throws {
        let book = try PlanBook.builtIn()
        let server = AdminServer(
            host: "127.0.0.1", port: 0,
            controlPlane: ControlPlane(
                metrics: PrometheusMetrics(logger: Logger.quiet), readiness: { .ready },
                clock: { Timestamp(ms: 1_800_000_000_000) }, planBook: { book }),
            logger: Logger.quiet)
        try await server.service.test(.live) { client in
            try await client.execute(uri: "/readyz", method: .get) { response in
                #expect(response.status == .ok)
            }
        }
    }
}
