// The route table of the control plane. Whatever is not in it is answered with a problem, never with an
// empty page: 404 for an unknown path, 405 with `Allow` for a known path and another method.

import HTTPTypes
import Hummingbird
import WireFormat

enum AdminRoutes {
    typealias Context = BasicRequestContext

    struct Route: Sendable {
        let method: HTTPRequest.Method
        /// Segments that begin with `:` stand for any one segment.
        let path: String
        let respond: @Sendable (Request, Context) async throws -> Response

        func matches(path asked: String) -> Bool {
            let pattern = path.split(separator: "/")
            let segments = asked.split(separator: "/")
            return pattern.count == segments.count
                && zip(pattern, segments).allSatisfy { $0.hasPrefix(":") || $0 == $1 }
        }
    }

    static func table(
        metrics: PrometheusMetrics, readiness: @escaping @Sendable () async -> Readiness
    ) -> [Route] {
        [
            Route(method: .get, path: "/livez") { _, _ in text("ok\n", as: "text/plain; charset=utf-8") },
            Route(method: .get, path: "/readyz") { _, _ in
                switch await readiness() {
                case .ready: text("ok\n", as: "text/plain; charset=utf-8")
                case .notReady(let reason): Problem(.temporaryReducedCapacity, detail: reason).response()
                }
            },
            Route(method: .get, path: "/metrics") { _, _ in
                text(metrics.text(), as: "text/plain; version=0.0.4; charset=utf-8")
            },
        ]
    }

    static func router(
        metrics: PrometheusMetrics, readiness: @escaping @Sendable () async -> Readiness
    ) -> Router<Context> {
        let table = table(metrics: metrics, readiness: readiness)
        let router = Router(context: Context.self, options: .autoGenerateHeadEndpoints)
        router.add(middleware: ProblemMiddleware(table: table))
        for route in table { router.on(RouterPath(route.path), method: route.method, use: route.respond) }
        return router
    }

    private static func text(_ body: String, as type: String) -> Response {
        Response(
            status: .ok, headers: [.contentType: type, .cacheControl: "no-store"],
            body: ResponseBody(byteBuffer: ByteBuffer(string: body)))
    }
}
