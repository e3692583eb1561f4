// TLS for both listeners: certificate, key and client roots from PEM files, read at start and on
// SIGHUP. A connection keeps the certificate that was in force when it was opened.

import Foundation
import NIOCore
import NIOSSL
import NIOTLS
import Synchronization

final class ServerTLS: Sendable {
    struct Files: Sendable, Equatable {
        /// The server's certificate, then the intermediate ones.
        let certificate: String
        let key: String
        /// Roots of which one must have signed a client's certificate; nil: clients need none.
        let clientRoots: String?
    }

    /// The time from connecting to the end of the handshake.
    static let handshakeTimeout: TimeAmount = .seconds(10)
    /// The time for a client to acknowledge the end of TLS.
    private static let shutdownTimeout: TimeAmount = .seconds(1)

    private let files: Files
    private let current: Mutex<Material>

    private struct Material: Sendable {
        let context: NIOSSLContext
        let description: String
    }

    /// - Throws: ``StartError`` if a file is invalid or cannot be read.
    init(_ files: Files) throws {
        self.files = files
        current = Mutex(try Self.material(files))
    }

    /// Reads the files again, for new connections.
    /// - Throws: ``StartError``; then the old certificate stays in force.
    func reload() throws {
        let material = try Self.material(files)
        current.withLock { $0 = material }
    }

    /// Adds TLS to a channel. Call it on the channel's event loop, while its pipeline is empty.
    func secure(_ channel: any Channel) throws {
        let context = current.withLock { $0.context }
        try channel.pipeline.syncOperations.addHandlers(
            NIOSSLServerHandler(context: context), HandshakeDeadline(Self.handshakeTimeout))
    }

    /// For the log: the certificate's serial number, and until when it is valid.
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
                    + "(\(error)). Type: --tls-certificate FILE --tls-key FILE, with a pair that matches")
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

    /// Adds the setting, the file, and what the file must be to an error.
    private static func attempt<Value>(
        _ setting: String, _ path: String, _ make: () throws -> Value
    ) throws -> Value {
        do {
            guard FileManager.default.isReadableFile(atPath: path) else {
                throw StartError(description: "it cannot be read")
            }
            return try make()
        } catch {
            throw StartError(
                description: "\(setting): \(path): \(error). Name a PEM file that Stint may read")
        }
    }
}

/// Closes a connection whose handshake takes too long, and leaves the pipeline after a handshake.
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
