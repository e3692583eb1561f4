// Conditional reads (RFC 9110, section 13): 304 if the client has this version already, 412 if it
// wants another. The stores check the conditions of changes, at the moment of the change.

import HTTPTypes
import Hummingbird
import WireFormat

struct ConditionalGet: RouterMiddleware {
    typealias Context = AdminContext

    func handle(
        _ request: Request, context: Context, next: (Request, Context) async throws -> Response
    ) async throws -> Response {
        let response = try await next(request, context)
        guard request.method == .get || request.method == .head, response.status == .ok,
            let tag = response.headers[.eTag]
        else { return response }
        let matches = request.headers[values: .ifMatch]
        let others = request.headers[values: .ifNoneMatch]
        if !matches.isEmpty, !Self.lists(matches, name: tag, weakly: false) {
            return Problem(.preconditionFailed, detail: "its ETag is \(tag)").response()
        }
        guard !others.isEmpty, Self.lists(others, name: tag, weakly: true) else { return response }
        var headers = response.headers
        headers[.contentLength] = nil
        headers[.contentType] = nil
        return Response(status: .notModified, headers: headers)
    }

    /// Whether a list of ETags contains `tag`.
    /// - Parameters:
    ///   - values: the values of the header field.
    ///   - tag: a strong ETag without a comma.
    ///   - weakly: whether a weak ETag matches too.
    private static func lists(_ values: [String], name tag: String, weakly: Bool) -> Bool {
        values.flatMap { $0.split(separator: ",") }.contains { item in
            let item = item.trimming(while: { $0 == " " || $0 == "\t" })
            return item == "*" || item == tag || (weakly && item == "W/\(tag)")
        }
    }
}

extension Substring {
    fileprivate func trimming(while isBlank: (Character) -> Bool) -> Substring {
        let head = drop(while: isBlank)
        guard let last = head.lastIndex(where: { !isBlank($0) }) else { return "" }
        return head[...last]
    }
}
