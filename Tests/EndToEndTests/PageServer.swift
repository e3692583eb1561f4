// A foreign web site on loopback: every path is one empty page.

import NIOCore
import NIOPosix

struct PageServer {
    let port: Int

    static func open<Result>(
        isolation: isolated (any Actor)? = #isolation, _ body: (PageServer) async throws -> Result
    ) async throws -> Result {
        let listener = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Page())
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        do {
            let result = try await body(PageServer(port: listener.localAddress?.port ?? 0))
            try await listener.close()
            return result
        } catch {
            try await listener.close()
            throw error
        }
    }

    /// Answers each piece that ends a head, and closes.
    private final class Page: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        private var head = ""

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            head += String(buffer: Self.unwrapInboundIn(data))
            guard head.contains("\r\n\r\n") else { return }
            let page = "<!doctype html><title>Somebody else</title><body></body>"
            let reply = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: \(page.utf8.count)\r\n"
            let bytes = ByteBuffer(string: reply + "Connection: close\r\n\r\n" + page)
            let channel = context.channel
            channel.writeAndFlush(bytes).whenComplete { _ in channel.close(promise: nil) }
        }
    }
}
