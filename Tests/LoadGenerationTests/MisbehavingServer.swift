// An HTTP server that answers as a service does, or misbehaves as the test asks.

import NIOCore
import NIOPosix
import Testing

@testable import LoadGeneration

enum MisbehavingServer {
    /// What it does with one request.
    enum Behaviour: Sendable {
        case answers
        /// The reply comes byte by byte, each in a packet of its own.
        case trickles
        /// The reply is the connection's last.
        case closes
        case hangsUp
        case sendsGarbage
        case isSilent
    }

    /// Runs one while `body` does something with it.
    /// - Parameter behave: told the numbers of the connection and of the request on it, both from
    ///   1.
    static func serving(
        _ behave: @escaping @Sendable (_ connection: Int, _ request: Int) -> Behaviour,
        _ body: (LoadTarget) async throws -> Void
    ) async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let count = NIOLoopBoundBox<Int>.makeBoxSendingValue(0, eventLoop: group.next())
        let listener = try await ServerBootstrap(group: group)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    count.value += 1
                    try channel.pipeline.syncOperations.addHandler(Answerer(connection: count.value, behave))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        let outcome: Result<Void, any Error>
        do {
            try await body(.tcp(host: "127.0.0.1", port: try #require(listener.localAddress?.port)))
            outcome = .success(())
        } catch {
            outcome = .failure(error)
        }
        try await group.shutdownGracefully()
        try outcome.get()
    }

    private final class Answerer: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer

        private let connection: Int
        private let behave: (Int, Int) -> Behaviour
        private var received = ByteBuffer()
        private var requests = 0

        init(connection: Int, _ behave: @escaping (Int, Int) -> Behaviour) {
            self.connection = connection
            self.behave = behave
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            received.writeImmutableBuffer(unwrapInboundIn(data))
            while let request = Request(from: &received) {
                requests += 1
                do {
                    try act(on: request, context)
                } catch {
                    Issue.record(error)
                    context.close(promise: nil)
                }
            }
        }

        private func act(on request: Request, _ context: ChannelHandlerContext) throws {
            let channel = context.channel
            // What opens a load is answered by all of them.
            switch request.isPeek ? .answers : behave(connection, requests) {
            case .answers: channel.writeAndFlush(ByteBuffer(string: try request.reply()), promise: nil)
            case .trickles:
                for byte in try request.reply().utf8 {
                    channel.writeAndFlush(ByteBuffer(bytes: [byte]), promise: nil)
                }
            case .closes:
                let reply = try request.reply().replacing(
                    "\r\nContent-Length", with: "\r\nConnection: close\r\nContent-Length")
                channel.writeAndFlush(ByteBuffer(string: reply), promise: nil)
                context.close(promise: nil)
            case .hangsUp: context.close(promise: nil)
            case .sendsGarbage: channel.writeAndFlush(ByteBuffer(string: "garbage\r\n\r\n"), promise: nil)
            case .isSilent: break
            }
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
    }
}
