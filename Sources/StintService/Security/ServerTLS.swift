// TLS for both listeners: certificate, key and client roots from PEM files, read at start and on
// SIGHUP. A connection gets what was in force when it came.

import Foundation
import NIOCore
import NIOSSL
import NIOTLS
import Synchronization

final class ServerTLS: Sendable {
    struct Files: Sendable, Equatable {
        /// The server's certificate, then those between it and a root.
        let certificate: String
        let key: String
        /// Clients must show a certificate that one of these has signed; nil: they need none.
        let clientRoots: String?
    }

    /// How long a client may take from connecting to the end of the handshake.
    static let handshakeTimeout: TimeAmount = .seconds(10)
    /// How long a client may take to say that it has heard the end.
    private static let shutdownTimeout: TimeAmount = .seconds(1)

    private let files: Files
    private let current: Mutex<Material>

    private struct Material: Sendable {
        let context: NIOSSLContext
        let description: String
    }

    /// - Throws: ``StartError`` when the files cannot be used.
    init(_ files: Files) throws {
        self.files = files
        current = Mutex(try Self.material(files))
    }

    /// Reads the files again, for the connections to come.
    /// - Throws: ``StartError``; then the old certificate stays.
    func reload() throws {
        let material = try Self.material(files)
        current.withLock { $0 = material }
    }

    /// To be called on the channel's event loop, before anything else is in its pipeline.
    func secure(_ channel: any Channel) throws {
        let context = current.withLock { $0.context }
        try channel.pipeline.syncOperations.addHandlers(
            NIOSSLServerHandler(context: context), HandshakeDeadline(Self.handshakeTimeout))
    }

    /// For logs: the certificate's serial number, and until when it is valid.
    var description: String { current.withLock { $0.description } }

    private static func material(_ files: Files) throws -> Material {
        let chain = try attempt("tls.certificate", files.certificate) {
            try NIOSSLCertificate.fromPEMFile(files.certificate)
        }
        let key = try attempt("tls.key", files.key) { try NIOSSLPrivateKey(file: files.key, format: .pem) }
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(key))
        configuration.minimumTLSVersion = .tlsv12
        configuration.applicationProtocols = ["http/1.1"]
        configuration.shutdownTimeout = shutdownTimeout
        if let path = files.clientRoots {
            let roots = try attempt("tls.clientRoots", path) { try NIOSSLCertificate.fromPEMFile(path) }
            configuration.trustRoots = .certificates(roots)
            configuration.certificateVerification = .noHostnameVerification
            configuration.sendCANameList = true
        }
        do {
            return Material(
                context: try NIOSSLContext(configuration: configuration), description: description(of: chain))
        } catch {
            throw StartError(
                description:
                    "tls.key: \(files.key): is not the key of the first certificate in \(files.certificate) "
                    + "(\(error)). Name the two that belong together")
        }
    }

    private static func description(of chain: [NIOSSLCertificate]) -> String {
        guard let first = chain.first else { return "none" }
        let serial = first.serialNumber.map { byte in
            let digits = String(byte, radix: 16)
            return digits.utf8.count == 1 ? "0" + digits : digits
        }.joined()
        let end = Date(timeIntervalSince1970: TimeInterval(first.notValidAfter)).ISO8601Format()
        return "serial \(serial) until \(end)"
    }

    /// Says which file, and what must be in it.
    private static func attempt<Value>(
        _ setting: String, _ path: String, _ make: () throws -> Value
    ) throws -> Value {
        do {
            guard FileManager.default.isReadableFile(atPath: path) else {
                throw StartError(description: "it cannot be read")
            }
            return try make()
        } catch {
            throw StartError(description: "\(setting): \(path): \(error). Name a PEM file")
        }
    }
}

/// Closes a connection that does not get through its handshake in time; then it is not in the way
/// any more.
private final class HandshakeDeadline: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer

    private let timeout: TimeAmount
    private var deadline: Scheduled<Void>?

    init(_ timeout: TimeAmount) { self.timeout = timeout }

    func handlerAdded(context: ChannelHandlerContext) {
        let channel = context.channel
        deadline = context.eventLoop.scheduleTask(in: timeout) { channel.close(mode: .all, promise: nil) }
    }

    func handlerRemoved(context: ChannelHandlerContext) { deadline?.cancel() }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        context.fireUserInboundEventTriggered(event)
        if case .handshakeCompleted? = event as? TLSUserEvent {
            context.pipeline.syncOperations.removeHandler(self, promise: nil)
        }
    }
}
