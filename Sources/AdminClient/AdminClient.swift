// The client of the admin API that the command line and the end-to-end tests use. It decodes bodies
// and throws a reply that is not 2xx as ``StintError``.

import Foundation
public import NIOHTTP1
import WireFormat

/// A reply with a 2xx.
public struct AdminReply: Sendable {
    public let status: Int
    public let headers: HTTPHeaders
    public let body: [UInt8]

    /// The ETag of the thing in the reply, to send as `If-Match`.
    public var etag: String? { headers.first(name: "ETag") }

    /// - Throws: ``UnreadableReply`` if the body has another form.
    public func decoded<Body: Decodable>(as _: Body.Type = Body.self) throws -> Body {
        do {
            return try JSONDecoder().decode(Body.self, from: Data(body))
        } catch {
            throw UnreadableReply(status: status, error)
        }
    }
}

/// A client of one Stint's admin API. Cheap to copy; each request opens its own connection.
public struct AdminClient: Sendable {
    /// Reply bodies beyond this many bytes are not read.
    public static let maximumReplyBytes = 64 << 20

    private let url: String
    /// The token, or why it is invalid.
    private let token: Result<BearerToken?, InvalidRequest>
    private let actor: String?
    private let trust: Trust
    private let deadline: Duration

    /// The certificates to trust with TLS.
    public enum Trust: Sendable {
        /// Certificates signed by this machine's authorities.
        case system
        /// Every certificate: only for requests without secrets whose reply is not trusted.
        case any
    }

    /// - Parameters:
    ///   - url: `http://HOST:PORT` or `https://HOST:PORT`, without a path.
    ///   - token: sent as a bearer token; white space after it is ignored.
    ///   - actor: who makes changes, for the audit log; 1 to 64 bytes of visible ASCII.
    ///   - trust: the certificates to trust with TLS.
    ///   - deadline: the time for one request, from connecting to the reply's last byte. The end of
    ///     TLS may take 100 ms more.
    public init(
        url: String, token: String? = nil, actor: String? = nil, trust: Trust = .system,
        deadline: Duration = .seconds(30)
    ) {
        self.url = url
        self.trust = trust
        self.token = Result { () throws(InvalidRequest) in try InvalidRequest.token(token) }
        self.actor = actor
        self.deadline = deadline
    }

    /// `path(["v1", "plans", "a b"])` is `/v1/plans/a%20b`.
    public static func path(_ segments: [String]) -> String {
        segments.map { "/" + encoded($0) }.joined()
    }

    public func get(_ segments: String..., query: [String: String] = [:]) async throws -> AdminReply {
        try await send(.GET, Self.path(segments), query: query)
    }

    public func put(
        _ segments: String..., body: some Encodable, ifMatch: String? = nil
    ) async throws -> AdminReply {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let headers: HTTPHeaders = ifMatch.map { ["If-Match": $0] } ?? [:]
        return try await send(
            .PUT, Self.path(segments), body: Array(try encoder.encode(body)), headers: headers)
    }

    @discardableResult
    public func delete(_ segments: String..., ifMatch: String? = nil) async throws -> AdminReply {
        try await send(.DELETE, Self.path(segments), headers: ifMatch.map { ["If-Match": $0] } ?? [:])
    }

    /// Sends one request.
    /// - Parameters:
    ///   - method: the HTTP method.
    ///   - path: percent-encoded, see ``path(_:)``.
    ///   - query: the parameters, which are encoded here.
    ///   - body: JSON; nil: none.
    ///   - headers: further header fields.
    /// - Throws: ``InvalidRequest`` if the request can never be sent, ``StintError/rejected(_:)``
    ///   if the reply is not 2xx, ``UnreadableReply`` if it is not Stint's, or
    ///   ``AdminConnectionError`` if there is none.
    public func send(
        _ method: HTTPMethod, _ path: String, query: [String: String] = [:], body: [UInt8]? = nil,
        headers: HTTPHeaders = [:]
    ) async throws -> AdminReply {
        let origin = try HTTPOrigin(url)
        let pairs = query.sorted { $0.key < $1.key }.map {
            "\(Self.encoded($0.key))=\(Self.encoded($0.value))"
        }
        var headers = headers
        if let token = try token.get() { headers.add(name: "Authorization", value: token.field) }
        if let actor { headers.add(name: "X-Stint-Actor", value: actor) }
        if body != nil { headers.add(name: "Content-Type", value: "\(MediaType.json)") }
        let request = AdminExchange(
            method: method, path: path + (pairs.isEmpty ? "" : "?" + pairs.joined(separator: "&")),
            headers: headers, body: body)
        let reply = try await request.reply(
            from: origin, trusting: trust, within: deadline, maximumBytes: Self.maximumReplyBytes)
        guard !(200...299).contains(reply.status) else { return reply }
        let problem: Problem
        do throws(BodyError) {
            problem = try Problem(json: reply.body)
        } catch {
            throw UnreadableReply(status: reply.status, error)
        }
        throw StintError.rejected(problem)
    }

    private static func encoded(_ text: String) -> String {
        let plain = CharacterSet(
            charactersIn: "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~:@")
        return text.addingPercentEncoding(withAllowedCharacters: plain) ?? ""
    }
}
