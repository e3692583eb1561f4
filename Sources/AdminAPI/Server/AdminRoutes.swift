// The route table of the control plane. Whatever is not in it is answered with a problem, never
// with an empty page: 404 for an unknown path, 405 with `Allow` for a known path and another
// method.

import HTTPTypes
import Hummingbird
import NIOCore
import NIOHTTP1
import Prometheus
import WireFormat

enum AdminRoutes {
    typealias Context = AdminContext

    /// Who may use a route, once there are tokens.
    enum Scope: Sendable {
        /// Anybody who can connect.
        case none
        /// Runners and admins.
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

    /// Every route there is.
    static func table(_ controlPlane: ControlPlane) -> [Route] {
        watching(controlPlane) + [OpenAPI.route()] + plans(controlPlane) + ResourceRoutes.table(controlPlane)
            + AccountRoutes.table(controlPlane) + RollupRoutes.table(controlPlane)
            + DashboardRoutes.table(controlPlane)
    }

    /// For those who watch the process.
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

    /// Whether this is what those ask who watch the process.
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
