// The control plane's replies for the problems that `WireFormat` defines, and the problems for
// decoding errors and Redis errors.

import HTTPTypes
import Hummingbird
import Redis
import WireFormat

extension Problem {
    /// The problem+json reply.
    /// - Parameter allow: the methods of the path; for 405 only.
    func response(allow: [HTTPRequest.Method] = []) -> Response {
        var json = JSONWriter()
        write(to: &json)
        var headers: HTTPFields = [.contentType: "application/problem+json", .cacheControl: "no-store"]
        if type == .temporaryReducedCapacity {
            headers[.retryAfter] = String(Seconds.roundedUp(milliseconds: retryAfterMs ?? 0))
        }
        if !allow.isEmpty { headers[.allow] = allow.map(\.rawValue).joined(separator: ", ") }
        return Response(
            status: .init(code: type.status), headers: headers,
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: json.bytes)))
    }
}

extension Problem {
    /// The body is JSON, but of another form.
    init(_ error: DecodingError) {
        switch error {
        case .keyNotFound(let key, let context):
            self.init(.malformedField, detail: "\(context.path(to: key)): missing")
            field = context.path(to: key)
        case .typeMismatch(_, let context) where context.codingPath.isEmpty,
            .valueNotFound(_, let context) where context.codingPath.isEmpty:
            self.init(.malformedJSON, detail: "the body: \(context.debugDescription)")
        case .typeMismatch(_, let context), .valueNotFound(_, let context):
            self.init(.malformedField, detail: "\(context.path()): \(context.debugDescription)")
            field = context.path()
        case .dataCorrupted(let context) where !context.codingPath.isEmpty:
            self.init(.malformedField, detail: "\(context.path()): \(context.debugDescription)")
            field = context.path()
        default: self.init(.malformedJSON, detail: "the body is not JSON")
        }
    }

    /// Redis did not answer, or refused.
    init(_ error: RedisError) {
        switch error {
        case .failed(.notSent):
            self.init(.temporaryReducedCapacity, detail: "Redis cannot answer now; nothing was changed")
        case .failed(.lost), .failed(.late):
            self.init(
                .temporaryReducedCapacity,
                detail: "Redis did not answer in time; whether anything was changed is unknown")
        case .refused(let text):
            let reply = ErrorReply(text)
            let outcome =
                reply.isRefusal && !(reply.isFromScript && reply.code == "NOPERM")
                ? "nothing was changed" : "whether anything was changed is unknown"
            self.init(.temporaryReducedCapacity, detail: "Redis refuses, and \(outcome): \(reply.text)")
        case .unexpected:
            self.init(.internalError, detail: "Redis has a value there that Stint did not write")
        }
    }
}

extension DecodingError.Context {
    fileprivate func path(to key: (any CodingKey)? = nil) -> String {
        var path = ""
        for key in codingPath + (key.map { [$0] } ?? []) {
            if let index = key.intValue {
                path += "[\(index)]"
            } else {
                path += path.isEmpty ? key.stringValue : ".\(key.stringValue)"
            }
        }
        return path
    }
}
