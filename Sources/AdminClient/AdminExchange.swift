// One HTTP/1.1 request over a connection of its own, which is closed with the reply. The command
// line asks once, or every two seconds: that needs no pool, no redirects and no HTTP/2, and so no
// HTTP client library in the service's program.

import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import WireFormat

/// Why there is no reply. What was not connected had no effect; of the others that is unknown.
public enum AdminConnectionError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Nobody listens there, or the name is unknown; or there is no TLS, or not with a certificate
    /// that is trusted.
    case notConnected(String)
    /// The server asks for a certificate of its client, and there is none.
    case wantsCertificate
    /// The deadline was over first.
    case deadlineExceeded
    /// The connection ended before the reply did.
    case closedEarly
    /// The reply has more bytes than are read.
    case tooLong

    public var description: String {
        switch self {
        case .notConnected(let reason): reason
        case .wantsCertificate: "it asks for a client's certificate, and this client has none"
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

    private typealias Connection = NIOAsyncChannel<HTTPClientResponsePart, HTTPClientRequestPart>

    /// - Parameter maximumBytes: a longer body is an error.
    /// - Throws: ``InvalidRequest``, ``AdminConnectionError``, ``UnreadableReply`` for what is no
    ///   HTTP, or `CancellationError`.
    func reply(
        from origin: AdminOrigin, trusting trust: AdminClient.Trust, within deadline: Duration,
        maximumBytes: Int
    ) async throws -> AdminReply {
        for (name, value) in headers { try InvalidRequest.check(value, ofHeader: name) }
        return try await withThrowingTaskGroup(of: AdminReply.self) { group in
            group.addTask { try await self.exchange(with: origin, trust, maximumBytes) }
            group.addTask {
                try await Task.sleep(for: deadline)
                throw AdminConnectionError.deadlineExceeded
            }
            defer { group.cancelAll() }
            guard let reply = try await group.next() else { throw CancellationError() }
            return reply
        }
    }

    private func exchange(
        with origin: AdminOrigin, _ trust: AdminClient.Trust, _ maximumBytes: Int
    ) async throws -> AdminReply {
        let connection = try await Self.connect(to: origin, trust)
        do {
            return try await connection.executeThenClose { inbound, outbound in
                try await outbound.write(.head(head(for: origin)))
                if let body { try await outbound.write(.body(.byteBuffer(ByteBuffer(bytes: body)))) }
                try await outbound.write(.end(nil))
                return try await Self.collect(inbound, maximumBytes)
            }
        } catch let error where "\(error)".contains("CERTIFICATE_REQUIRED") {
            throw AdminConnectionError.wantsCertificate
        } catch let error as NIOSSLError {
            throw AdminConnectionError.notConnected("no TLS with a trusted certificate: \(error)")
        } catch HTTPParserError.invalidEOFState {
            throw AdminConnectionError.closedEarly
        } catch let error as HTTPParserError {
            throw UnreadableReply(description: "no HTTP reply: \(error)")
        } catch is ChannelError {
            throw AdminConnectionError.closedEarly
        }
    }

    private static func connect(
        to origin: AdminOrigin, _ trust: AdminClient.Trust
    ) async throws -> Connection {
        var configuration = TLSConfiguration.makeClientConfiguration()
        if trust == .any { configuration.certificateVerification = .none }
        let tls = try origin.isSecure ? NIOSSLContext(configuration: configuration) : nil
        do {
            return try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
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
        } catch is NIOConnectionError {
            throw AdminConnectionError.notConnected("nobody listens there")
        } catch is IOError {
            throw AdminConnectionError.notConnected("nobody listens there")
        }
    }

    private func head(for origin: AdminOrigin) -> HTTPRequestHead {
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
