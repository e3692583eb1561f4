// The last handler of a connection's pipeline: it passes replies to the link and decides nothing.

import NIOCore

final class LinkHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    let channel: any Channel
    private let link: RedisLink
    private let attempt: Attempt
    private let decoder: ReplyDecoder

    init(link: RedisLink, attempt: Attempt, channel: any Channel, decoder: ReplyDecoder) {
        self.link = link
        self.attempt = attempt
        self.channel = channel
        self.decoder = decoder
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard link.uses(attempt) else { return }
        do throws(ReplyDecodingError) {
            try decoder.feed(unwrapInboundIn(data))
            // A sink may close the link when it receives its reply, so this is checked before each
            // one.
            while link.uses(attempt), let reply = try decoder.next() { link.receive(reply) }
        } catch {
            link.drop(attempt, because: "the server sent an invalid reply: \(error.reason)")
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        link.readCompleted()
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        link.flush()
    }

    func channelInactive(context: ChannelHandlerContext) {
        link.drop(attempt, because: "the server closed the connection")
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        link.drop(attempt, because: "the connection failed: \(Dialer.text(of: error))")
        context.close(promise: nil)
    }
}
