// The client of the runner API, for runners in Swift and the end-to-end tests. It returns replies
// and decides nothing: a denial is a reply, and an error means that there was none.

public import AsyncHTTPClient
public import NIOCore
import NIOHTTP1
public import WireFormat

/// The address of a Stint.
public enum StintAddress: Sendable, Hashable {
    /// `http://HOST:PORT` or `https://HOST:PORT`, without a path.
    case url(String)
    /// The path of a Unix socket, of 1 to ``/WireFormat/UnixSocketPath/maximumBytes`` bytes.
    case unixSocket(String)

    /// The URL in front of every path, in the form that the HTTP client understands.
    /// - Throws: ``/WireFormat/InvalidRequest`` if the address is invalid.
    fileprivate func base() throws(InvalidRequest) -> String {
        switch self {
        case .url(let url): return try HTTPOrigin(url).url
        case .unixSocket(let path):
            guard (1...UnixSocketPath.maximumBytes).contains(path.utf8.count), !path.utf8.contains(0) else {
                throw InvalidRequest(
                    description: "the path of the Unix socket is invalid: it must be 1 to "
                        + "\(UnixSocketPath.maximumBytes) bytes, none of them NUL")
            }
            return "http+unix://\(StintAddress.percentEncoded(path))"
        }
    }

    /// The header fields that the HTTP client leaves out: for a Unix socket it sends no `Host`,
    /// which HTTP/1.1 requires.
    fileprivate var headers: HTTPHeaders {
        switch self {
        case .url: [:]
        case .unixSocket: ["Host": "localhost"]
        }
    }

    private static func percentEncoded(_ path: String) -> String {
        var encoded = ""
        for byte in path.utf8 {
            let character = Character(Unicode.Scalar(byte))
            if character.isASCII, character.isLetter || character.isNumber || "-._~".contains(character) {
                encoded.append(character)
            } else {
                let hex = String(byte, radix: 16, uppercase: true)
                encoded += hex.utf8.count == 1 ? "%0\(hex)" : "%\(hex)"
            }
        }
        return encoded
    }
}

/// A reply of Stint, with its header fields.
public struct RunnerReply<Body: WireBody>: Sendable {
    public let reply: WireReply<Body>
    public let headers: [(name: String, value: String)]

    /// The HTTP status.
    public var status: Int { reply.status }
    public var outcome: WireReply<Body>.Outcome { reply.outcome }

    /// The first field of that name, ignoring case.
    public func header(_ name: String) -> String? {
        headers.first { $0.name.lowercased() == name.lowercased() }?.value
    }
}

/// A client of one Stint. Cheap to copy. Connections belong to the HTTP client, which the caller
/// shuts down.
public struct RunnerClient: Sendable {
    /// Reply bodies beyond this many bytes are not read.
    public static let maximumReplyBytes = 1 << 20

    private let target: StintAddress
    private let http: HTTPClient
    private let deadline: TimeAmount
    /// The URL in front of every path, or why the address is invalid.
    private let base: Result<String, InvalidRequest>
    /// The token, or why it is invalid.
    private let token: Result<BearerToken?, InvalidRequest>

    /// - Parameters:
    ///   - target: the address of the Stint.
    ///   - http: sends the requests. With TLS its configuration decides which certificates to trust
    ///     and which one to show.
    ///   - token: sent with every request; white space after it is ignored.
    ///   - deadline: the time for one request, from connecting to the last byte of the reply.
    public init(
        _ target: StintAddress, http: HTTPClient, token: String? = nil, deadline: TimeAmount = .seconds(5)
    ) {
        self.target = target
        self.http = http
        self.deadline = deadline
        base = Result { () throws(InvalidRequest) in try target.base() }
        self.token = Result { () throws(InvalidRequest) in try InvalidRequest.token(token) }
    }

    /// Admits: may this execution start, and for how long? Set an id to make repetitions safe.
    /// - Throws: ``/WireFormat/InvalidRequest``, ``/WireFormat/UnreadableReply``, or an error of
    ///   the HTTP client if there is no reply.
    public func admit(
        _ body: AdmitBody = AdmitBody(), account: String
    ) async throws -> RunnerReply<AdmittedBody> {
        try InvalidRequest.check(.account, account)
        return try await send(.POST, RunnerPath.executions(of: account), body.json)
    }

    /// Settles: the execution used this much. A 404 means that there is nothing to settle (any
    /// more). After a lost reply it means that the settlement has arrived.
    public func settle(
        _ id: String, _ body: SettleBody, account: String
    ) async throws -> RunnerReply<SettledBody> {
        try InvalidRequest.check(.account, account)
        try InvalidRequest.check(.id, id)
        return try await send(.POST, RunnerPath.settlement(of: id, account: account), body.json)
    }

    /// Peeks: what is left? Changes nothing.
    public func peek(account: String) async throws -> RunnerReply<StandingBody> {
        try InvalidRequest.check(.account, account)
        return try await send(.GET, RunnerPath.limits(of: account), nil)
    }

    private func send<Body: WireBody>(
        _ method: HTTPMethod, _ path: String, _ body: [UInt8]?
    ) async throws -> RunnerReply<Body> {
        var request = HTTPClientRequest(url: try base.get() + path)
        request.method = method
        request.headers = target.headers
        if let token = try token.get() { request.headers.add(name: "Authorization", value: token.field) }
        if let body {
            request.headers.add(name: "Content-Type", value: "\(MediaType.json)")
            request.body = .bytes(body)
        }
        let end = NIODeadline.now() + deadline
        let response = try await http.execute(request, deadline: end)
        let bytes = try await RunnerClient.collect(response.body, by: end)
        let status = Int(response.status.code)
        let headers = response.headers.map { (name: $0.name, value: $0.value) }
        do throws(BodyError) {
            return RunnerReply(
                reply: try WireReply(status: status, json: bytes.readableBytesView), headers: headers)
        } catch {
            throw UnreadableReply(status: status, error)
        }
    }

    /// Reads the body until the deadline. The HTTP client's deadline covers only the reply's head.
    private static func collect(
        _ body: HTTPClientResponse.Body, by end: NIODeadline
    ) async throws -> ByteBuffer {
        try await withThrowingTaskGroup(of: ByteBuffer.self) { group in
            group.addTask { try await body.collect(upTo: maximumReplyBytes) }
            group.addTask {
                try await Task.sleep(for: .nanoseconds((end - .now()).nanoseconds))
                throw HTTPClientError.deadlineExceeded
            }
            defer { group.cancelAll() }
            guard let bytes = try await group.next() else { throw HTTPClientError.deadlineExceeded }
            return bytes
        }
    }
}
