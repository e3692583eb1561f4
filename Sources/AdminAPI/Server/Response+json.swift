// The control plane's JSON replies: with sorted members, and an ETag if the thing can be changed.

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
    /// - Parameters:
    ///   - body: the value.
    ///   - status: the status.
    ///   - revision: the value's revision, which becomes its ETag; nil: none.
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

    /// 204, without a body.
    static var done: Response { Response(status: .noContent, headers: [.cacheControl: "no-store"]) }
}
