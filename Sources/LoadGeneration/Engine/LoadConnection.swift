// One connection to a service, with at most one request in flight. It reports every event to its
// lane.

import NIOCore
import WireFormat

/// The result of a request.
enum Outcome {
    case replied(ReplyFraming.Reply)
    case failed(LoadFailure)
}

/// Used only on the event loop of its lane.
final class LoadConnection: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// Its index among the connections of its lane.
    let slot: Int
    /// The header fields of every request: `Host`, and the token.
    let hostField: ByteBuffer
    /// The request that waits for its reply.
    private(set) var request: LoadRequest?
    /// Whether it is connected and not closed.
    private(set) var isOpen = false
    /// The lane closes its connections, so it lives as long as they do.
    private unowned let lane: LoadLane
    private var context: ChannelHandlerContext?
    /// The bytes of an incomplete reply.
    private var rest = ByteBuffer()

    init(slot: Int, target: LoadTarget, token: BearerToken?, lane: LoadLane) {
        self.slot = slot
        self.lane = lane
        let authorization = token.map { "Authorization: \($0.field)\r\n" } ?? ""
        hostField = ByteBuffer(string: "Host: \(target.host)\r\n\(authorization)")
    }

    // MARK: What the lane does

    /// Sends a request. The connection must be open and have no request.
    func send(_ request: LoadRequest, _ bytes: ByteBuffer) {
        guard let context else { return }
        self.request = request
        context.writeAndFlush(wrapOutboundOut(bytes), promise: nil)
    }

    /// Closes the connection. A request that waits fails with `failure`.
    func close(_ failure: LoadFailure? = nil) {
        guard isOpen else { return }
        isOpen = false
        let request = self.request
        self.request = nil
        context?.close(promise: nil)
        if let request, let failure { lane.finished(self, request, .failed(failure)) }
        lane.closed(self)
    }

    // MARK: What the channel does

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        if context.channel.isActive { channelActive(context: context) }
    }

    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    func channelActive(context: ChannelHandlerContext) {
        guard !isOpen else { return }
        isOpen = true
        lane.connected(self)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard isOpen else { return }
        var bytes = unwrapInboundIn(data)
        if rest.readableBytes > 0 {
            rest.writeBuffer(&bytes)
            swap(&rest, &bytes)
            rest.clear()
        }
        do throws(UnreadableReply) {
            guard let reply = try ReplyFraming.next(in: &bytes) else {
                rest = bytes
                return
            }
            // Bytes before a request or after its reply are invalid.
            guard let request, bytes.readableBytes == 0 else {
                throw UnreadableReply("more than one reply to a request")
            }
            finish(request, reply)
        } catch {
            close(.unreadableReply)
        }
    }

    func channelInactive(context: ChannelHandlerContext) { close(.connectionLost) }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { close(.connectionLost) }

    private func finish(_ request: LoadRequest, _ reply: ReplyFraming.Reply) {
        self.request = nil
        if reply.closes {
            isOpen = false
            context?.close(promise: nil)
            lane.finished(self, request, .replied(reply))
            lane.closed(self)
        } else {
            lane.finished(self, request, .replied(reply))
        }
    }
}
