// The outermost middleware of the control plane: every error of a route becomes problem+json.

import HTTPTypes
import Hummingbird
import Logging
import Redis
import WireFormat

struct ProblemMiddleware: RouterMiddleware {
    typealias Context = AdminRoutes.Context

    let table: [AdminRoutes.Route]

    func handle(
        _ request: Request, context: Context, next: (Request, Context) async throws -> Response
    ) async throws -> Response {
        do {
            return try await next(request, context)
        } catch let problem as Problem {
            return problem.response()
        } catch let error as RequestCutShort {
            context.logger.debug("admin request cut short", metadata: ["reason": "\(error.problem.detail)"])
            return error.problem.response()
        } catch let error as RedisError {
            context.logger.warning("a command to Redis failed", metadata: ["error": "\(error)"])
            return Problem(error).response()
        } catch let error as HTTPError where error.status.kind == .clientError {
            // HEAD must not differ from GET, not even in Content-Length.
            let method = request.method == .head ? .get : request.method
            let asked = "\(method.rawValue) \(request.uri.path)"
            guard error.status == .notFound else {
                return Problem(.malformedRequest, detail: error.body ?? asked).response()
            }
            var known = table.filter { $0.matches(path: request.uri.path) }.map(\.method)
            if known.isEmpty || known.contains(request.method) {
                return Problem(.unknownRoute, detail: asked).response()
            }
            if known.contains(.get) { known.append(.head) }
            return Problem(.methodNotAllowed, detail: asked).response(allow: known)
        } catch {
            context.logger.error("admin request failed", metadata: ["error": "\(error)"])
            return Problem(.internalError, detail: "see the log of this process").response()
        }
    }
}
