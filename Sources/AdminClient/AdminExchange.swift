// One HTTP/1.1 request over its own connection, which closes after the reply. The command line
// sends one request, or one every two seconds. That needs no pool, no redirects and no HTTP/2, so
// the service's program needs no HTTP client library.

import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import WireFormat

/// Why there is no reply. After ``notConnected(_:)`` the request had no effect; after the others
/// that is unknown.
public enum AdminConnectionError: Error, Hashable, Sendable, CustomStringConvertible {
    /// No process listens there, the name is unknown, or there is no TLS with a trusted
    /// certificate.
    case notConnected(String)
    /// The server requires a client certificate, and there is none.
    case wantsCertificate
    /// The deadline passed first.
    case deadlineExceeded
    /// The connection ended before the reply did, or broke.
    case closedEarly
    /// The reply has too many bytes.
    case tooLong

    public var description: String {
        switch self {
        case .notConnected(let reason): reason
        case .wantsCertificate: "the server requires a client certificate, and this client has none"
        case .deadlineExceeded: "no reply in time"
        case .closedEarly: "the connection ended before the reply"
        case .tooLong: "the reply is too long"
        }
    }
}

struct AdminExchange: Sendable {
    let method: HTTPMethod
    /// Percent-encoded, with the query.
    let path: String
    let headers: HTTPHeaders
    let body: [UInt8]?

    /// The time for the end of TLS, after the reply or after the deadline.
    private static let shutdownTimeout: TimeAmount = .milliseconds(100)

    private typealias Connection = NIOAsyncChannel<HTTPClientResponsePart, HTTPClientRequestPart>

    /// Sends the request and returns its reply.
    /// - Parameters:
    ///   - origin: where the server listens.
    ///   - trust: the certificates to trust.
    ///   - deadline: the time for all of it.
    ///   - maximumBytes: the most bytes of the body; a longer one is an error.
    /// - Throws: ``InvalidRequest``, ``AdminConnectionError``, ``UnreadableReply`` for a reply that
    ///   is not HTTP, or `CancellationError`.
    func reply(
        from origin: HTTPOrigin, trusting trust: AdminClient.Trust, within deadline: Duration,
        maximumBytes: Int
    ) async throws -> AdminReply {
        for (name, value) in headers { try InvalidRequest.check(value, ofHeader: name) }
        return try await withThrowingTaskGroup(of: AdminReply.self) { group in
            group.addTask {
                do {
                    let connection = try await Self.connect(to: origin, trust, within: deadline)
                    return try await self.exchange(over: connection, with: origin, maximumBytes)
                } catch {
                    throw Self.named(error)
                }
            }
            group.addTask {
                try await Task.sleep(for: deadline)
                throw AdminConnectionError.deadlineExceeded
            }
            defer { group.cancelAll() }
            guard let reply = try await group.next() else { throw CancellationError() }
            return reply
        }
    }

    /// The error for the caller, from an error of NIO.
    static func named(_ error: any Error) -> any Error {
        switch error {
        case _ where "\(error)".contains("CERTIFICATE_REQUIRED"): AdminConnectionError.wantsCertificate
        case ChannelError.connectTimeout: AdminConnectionError.deadlineExceeded
        case is NIOConnectionError: AdminConnectionError.notConnected("no process listens there")
        // Nothing is sent before the handshake is complete and the certificate is verified.
        case NIOSSLError.handshakeFailed, NIOSSLError.noCertificateToValidate,
            NIOSSLError.unableToValidateCertificate, is NIOSSLExtraError:
            AdminConnectionError.notConnected("no TLS with a trusted certificate: \(error)")
        case HTTPParserError.invalidEOFState, is ChannelError, is IOError, is NIOSSLError,
            is BoringSSLError:
            AdminConnectionError.closedEarly
        case is HTTPParserError: UnreadableReply(description: "the reply is not HTTP: \(error)")
        default: error
        }
    }

    private func exchange(
        over connection: Connection, with origin: HTTPOrigin, _ maximumBytes: Int
    ) async throws -> AdminReply {
        try await connection.executeThenClose { inbound, outbound in
            do {
                try await outbound.write(.head(head(for: origin)))
                if let body { try await outbound.write(.body(.byteBuffer(ByteBuffer(bytes: body)))) }
                try await outbound.write(.end(nil))
            } catch let error where error is ChannelError || error is NIOAsyncWriterError {
                // Reading on gives the reason, or even a reply.
            }
            return try await Self.collect(inbound, maximumBytes)
        }
    }

    private static func connect(
        to origin: HTTPOrigin, _ trust: AdminClient.Trust, within deadline: Duration
    ) async throws -> Connection {
        var configuration = TLSConfiguration.makeClientConfiguration()
        if trust == .any { configuration.certificateVerification = .none }
        configuration.shutdownTimeout = shutdownTimeout
        let tls = try origin.isSecure ? NIOSSLContext(configuration: configuration) : nil
        do {
            return try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
                .connectTimeout(TimeAmount(deadline))
                .connect(host: origin.host, port: origin.port) { channel in
                    channel.eventLoop.makeCompletedFuture {
                        let pipeline = channel.pipeline.syncOperations
                        if let tls {
                            try pipeline.addHandler(
                                NIOSSLClientHandler(context: tls, serverHostname: origin.serverName))
                        }
                        try pipeline.addHTTPClientHandlers()
                        return try Connection(wrappingChannelSynchronously: channel)
                    }
                }
        } catch is IOError {
            throw AdminConnectionError.notConnected("no process listens there")
        }
    }

    private func head(for origin: HTTPOrigin) -> HTTPRequestHead {
        var headers = headers
        headers.add(name: "Host", value: origin.authority)
        headers.add(name: "Connection", value: "close")
        if let body { headers.add(name: "Content-Length", value: "\(body.count)") }
        return HTTPRequestHead(version: .http1_1, method: method, uri: path, headers: headers)
    }

    private static func collect(
        _ parts: NIOAsyncChannelInboundStream<HTTPClientResponsePart>, _ maximumBytes: Int
    ) async throws -> AdminReply {
        var head: HTTPResponseHead?
        var bytes: [UInt8] = []
        for try await part in parts {
            switch part {
            case .head(let first): head = first
            case .body(let buffer):
                guard bytes.count + buffer.readableBytes <= maximumBytes else {
                    throw AdminConnectionError.tooLong
                }
                bytes += buffer.readableBytesView
            case .end:
                guard let head else { break }
                return AdminReply(status: Int(head.status.code), headers: head.headers, body: bytes)
            }
        }
        throw AdminConnectionError.closedEarly
    }
}

extension HTTPOrigin {
    /// The server name for TLS; nil if the host is an IP address.
    fileprivate var serverName: String? {
        host.contains(":") || host.utf8.allSatisfy { $0 == UInt8(ascii: ".") || (0x30...0x39).contains($0) }
            ? nil : host
    }
}
