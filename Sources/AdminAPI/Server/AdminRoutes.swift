// The route table of the control plane. A request that is not in it gets a problem, never an empty
// body: 404 for an unknown path, 405 with `Allow` for another method on a known path.

import HTTPTypes
import Hummingbird
import NIOCore
import NIOHTTP1
import Prometheus
import WireFormat

enum AdminRoutes {
    typealias Context = AdminContext

    /// The token that a route requires, if there are tokens.
    enum Scope: Sendable {
        /// None.
        case none
        /// A runner's or an admin's.
        case runner
        case admin
    }

    struct Route: Sendable {
        let method: HTTPRequest.Method
        /// Segments that begin with `:` stand for any one segment.
        let path: String
        let scope: Scope
        let respond: @Sendable (AdminRequest) async throws -> Response

        init(
            _ method: HTTPRequest.Method, _ path: String, scope: Scope = .admin,
            respond: @escaping @Sendable (AdminRequest) async throws -> Response
        ) {
            self.method = method
            self.path = path
            self.scope = scope
            self.respond = respond
        }

        func matches(path asked: String) -> Bool {
            let pattern = path.split(separator: "/")
            let segments = asked.split(separator: "/")
            return pattern.count == segments.count
                && zip(pattern, segments).allSatisfy { $0.hasPrefix(":") || $0 == $1 }
        }
    }

    /// Every route.
    static func table(_ controlPlane: ControlPlane) -> [Route] {
        watching(controlPlane) + [OpenAPI.route()] + plans(controlPlane) + ResourceRoutes.table(controlPlane)
            + AccountRoutes.table(controlPlane) + RollupRoutes.table(controlPlane)
            + DashboardRoutes.table(controlPlane)
    }

    /// The routes for monitors.
    private static func watching(_ controlPlane: ControlPlane) -> [Route] {
        [
            Route(.get, "/livez", scope: .none) { _ in .text("ok\n", as: "text/plain; charset=utf-8") },
            Route(.get, "/readyz", scope: .none) { _ in
                switch await controlPlane.readiness() {
                case .ready: .text("ok\n", as: "text/plain; charset=utf-8")
                case .notReady(let reason): Problem(.temporaryReducedCapacity, detail: reason).response()
                }
            },
            Route(.get, "/metrics", scope: .none) { _ in
                .text(controlPlane.metrics.text(), as: "text/plain; version=0.0.4; charset=utf-8")
            },
        ]
    }

    /// Whether it is a request of a monitor: `/livez`, `/readyz` or `/metrics`.
    static func isHealth(_ method: HTTPMethod, _ target: Substring) -> Bool {
        (method == .GET || method == .HEAD)
            && ["/livez", "/readyz", "/metrics"].contains(target.prefix { $0 != "?" })
    }

    static func router(_ controlPlane: ControlPlane, security: AdminSecurity = AdminSecurity()) -> Router<
        Context
    > {
        let table = table(controlPlane)
        let router = Router(context: Context.self, options: .autoGenerateHeadEndpoints)
        router.add(middleware: RequestIdentity())
        router.add(middleware: SecurityHeaders(isSecure: security.secure != nil))
        router.add(middleware: ConditionalGet())
        router.add(middleware: ProblemMiddleware(table: table))
        let authorization = Authorization(tokens: security.tokens)
        for route in table {
            router.on(RouterPath(route.path), method: route.method) { request, context in
                try await authorization.guarding(route.scope, request, context) { context in
                    try await route.respond(AdminRequest(request, context))
                }
            }
        }
        return router
    }
}

extension Response {
    static func text(_ body: String, as type: String) -> Response {
        Response(
            status: .ok, headers: [.contentType: type, .cacheControl: "no-store"],
            body: ResponseBody(byteBuffer: ByteBuffer(string: body)))
    }
}
