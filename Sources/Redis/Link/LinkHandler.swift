// The end of one connection's pipeline: bytes in, replies to the link. It decides nothing.

import NIOCore

final class LinkHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    let channel: any Channel
    private let link: RedisLink
    private let decoder: ReplyDecoder

    init(link: RedisLink, channel: any Channel, decoder: ReplyDecoder) {
        self.link = link
        self.channel = channel
        self.decoder = decoder
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard link.uses(self) else { return }
        do throws(ReplyDecodingError) {
            try decoder.feed(unwrapInboundIn(data))
            // A sink may close the link from inside `take`: look again before every reply.
            while link.uses(self), let reply = try decoder.next() { link.take(reply) }
        } catch {
            link.drop(self, because: "the server sent no RESP2 reply: \(error.reason)")
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        link.reportInFlight()
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        link.flush()
    }

    func channelInactive(context: ChannelHandlerContext) {
        link.drop(self, because: "the server closed the connection")
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        link.drop(self, because: "the connection failed: \(Dialer.text(of: error))")
        context.close(promise: nil)
    }
}
