// One name for a request, on its reply and in every line that is logged about it: the caller's, if
// it gave a good one.

import HTTPTypes
import Hummingbird
import Logging

struct RequestIdentity: RouterMiddleware {
    typealias Context = AdminContext

    static let field = HTTPField.Name("X-Request-Id")!
    /// Bytes that a caller's id may have.
    static let lengths = 1...128

    func handle(
        _ request: Request, context: Context, next: (Request, Context) async throws -> Response
    ) async throws -> Response {
        var context = context
        let id = Self.id(in: request.headers) ?? RequestID().description
        // Where Hummingbird keeps its own.
        context.logger[metadataKey: "hb.request.id"] = .string(id)
        var response = try await next(request, context)
        response.headers[Self.field] = id
        return response
    }

    /// The caller's; nil without one, with several, or with one that is not 1 to 128 visible ASCII
    /// bytes.
    static func id(in headers: HTTPFields) -> String? {
        let ids = headers[values: field]
        guard ids.count == 1, lengths.contains(ids[0].utf8.count),
            ids[0].utf8.allSatisfy({ (0x21...0x7E).contains($0) })
        else { return nil }
        return ids[0]
    }
}
