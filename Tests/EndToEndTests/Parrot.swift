// A server that answers every request with the same bytes, for clients that must not take them for
// Stint's.

import Glibc
import NIOCore
import NIOPosix
import NIOSSL
import Testing

final class Parrot: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let reply: String
    private let closes: Bool
    private let stops: Bool

    private init(_ reply: String, closes: Bool, stops: Bool) {
        self.reply = reply
        self.closes = closes
        self.stops = stops
    }

    /// Gives `body` the port of a server on 127.0.0.1.
    /// - Parameters:
    ///   - closes: whether a connection ends with its first reply.
    ///   - resets: whether that end is a reset.
    ///   - stops: whether it reads nothing after the first bytes, not even that TLS ends.
    ///   - tls: what it speaks TLS with, which does not end before the connection does.
    static func withServer(
        saying reply: String, closes: Bool = false, resets: Bool = false, stops: Bool = false,
        tls: NIOSSLContext? = nil, _ body: (Int) async throws -> Void
    ) async throws {
        let listener = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    if resets, let socket = channel as? any SocketOptionProvider {
                        socket.setSoLinger(linger(l_onoff: 1, l_linger: 0)).whenFailure { Issue.record($0) }
                    }
                    let pipeline = channel.pipeline.syncOperations
                    if let tls { try pipeline.addHandler(NIOSSLServerHandler(context: tls)) }
                    try pipeline.addHandler(Parrot(reply, closes: closes, stops: stops))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        do {
            try await body(listener.localAddress?.port ?? 0)
            try await listener.close()
        } catch {
            try await listener.close()
            throw error
        }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if stops { context.channel.setOption(.autoRead, value: false).whenFailure { Issue.record($0) } }
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: reply))).assumeIsolated().whenComplete {
            [closes] _ in
            guard closes else { return }
            let tls = try? context.pipeline.syncOperations.context(handlerType: NIOSSLServerHandler.self)
            (tls ?? context).close(promise: nil)
        }
    }
}
