// A server that answers whatever comes with the same bytes, for clients that must not take them for
// Stint's.

import NIOCore
import NIOPosix

final class Parrot: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let reply: String
    private let closes: Bool

    private init(_ reply: String, closes: Bool) {
        self.reply = reply
        self.closes = closes
    }

    /// Gives `body` the port of a server on 127.0.0.1.
    /// - Parameter closes: whether a connection ends with its first reply.
    static func withServer(
        saying reply: String, closes: Bool = false, _ body: (Int) async throws -> Void
    ) async throws {
        let listener = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Parrot(reply, closes: closes))
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
        let channel = context.channel
        channel.writeAndFlush(ByteBuffer(string: reply)).whenComplete { [closes] _ in
            if closes { channel.close(promise: nil) }
        }
    }
}
