// How the control plane says what it knows: JSON with sorted members, with an ETag where it can be
// changed.

import Foundation
import HTTPTypes
import Hummingbird
import NIOCore

extension Response {
    static var encoder: JSONEncoder {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return encoder
    }

    /// A JSON reply.
    /// - Parameter revision: of the thing replied with; becomes its ETag.
    static func json(
        _ body: some Encodable, status: HTTPResponse.Status = .ok, revision: Int? = nil
    ) throws -> Response {
        var response = json(encoded: ByteBuffer(bytes: try encoder.encode(body)), status: status)
        if let revision { response.headers[.eTag] = EntityTag.text(of: revision) }
        return response
    }

    /// A JSON reply that is encoded already.
    static func json(encoded bytes: ByteBuffer, status: HTTPResponse.Status = .ok) -> Response {
        Response(
            status: status, headers: [.contentType: "application/json", .cacheControl: "no-store"],
            body: ResponseBody(byteBuffer: bytes))
    }

    /// 204: done, nothing to say.
    static var done: Response { Response(status: .noContent, headers: [.cacheControl: "no-store"]) }
}
