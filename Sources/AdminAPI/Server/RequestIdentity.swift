// The id of a request, in its reply and in every log line about it: the client's, if it sent a
// valid one.

import HTTPTypes
import Hummingbird
import Logging

struct RequestIdentity: RouterMiddleware {
    typealias Context = AdminContext

    static let field = HTTPField.Name("X-Request-Id")!
    /// The bytes of a client's id.
    static let lengths = 1...128

    func handle(
        _ request: Request, context: Context, next: (Request, Context) async throws -> Response
    ) async throws -> Response {
        var context = context
        let id = Self.id(in: request.headers) ?? RequestID().description
        // Replaces Hummingbird's own id.
        context.logger[metadataKey: "hb.request.id"] = .string(id)
        var response = try await next(request, context)
        response.headers[Self.field] = id
        return response
    }

    /// The client's id; nil if there is none, if there are several, or if it is not 1 to 128 bytes
    /// of visible ASCII.
    static func id(in headers: HTTPFields) -> String? {
        let ids = headers[values: field]
        guard ids.count == 1, lengths.contains(ids[0].utf8.count),
            ids[0].utf8.allSatisfy({ (0x21...0x7E).contains($0) })
        else { return nil }
        return ids[0]
    }
}
