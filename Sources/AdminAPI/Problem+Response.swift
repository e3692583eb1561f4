// How the control plane sends the problems that `WireFormat` defines.

import HTTPTypes
import Hummingbird
import WireFormat

extension Problem {
    /// The problem+json answer.
    /// - Parameter allow: the methods that the path knows; for 405 only.
    func response(allow: [HTTPRequest.Method] = []) -> Response {
        var json = JSONWriter()
        write(to: &json)
        var headers: HTTPFields = [.contentType: "application/problem+json", .cacheControl: "no-store"]
        if !allow.isEmpty { headers[.allow] = allow.map(\.rawValue).joined(separator: ", ") }
        return Response(
            status: .init(code: type.status), headers: headers,
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: json.bytes)))
    }
}
