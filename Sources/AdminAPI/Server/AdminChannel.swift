// A connection of the control plane: Hummingbird's, with three changes. TLS is set up per
// connection, so that the next one uses a new certificate. Requests are decoded as in the data
// plane. And `AdminConnection` stands between HTTP and Hummingbird.

import HummingbirdCore
import Logging
import NIOCore
import NIOHTTP1

struct AdminChannel: HTTPChannelHandler {
    /// The most bytes of a request's line and header fields.
    static let maximumHeaderBytes = 16_384

    let base: HTTP1Channel
    let security: AdminSecurity
    let bounds: AdminBounds
    let slots: ConnectionSlots

    var responder: HTTPChannelHandler.Responder { base.responder }

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<HTTP1Channel.Value> {
        let slot = slots.claim(at: .now()) {
            channel.triggerUserOutboundEvent(AdminConnection.MustGo(), promise: nil)
        }
        guard let slot else {
            channel.close(promise: nil)
            return channel.eventLoop.makeFailedFuture(ChannelError.ioOnClosedChannel)
        }
        channel.closeFuture.whenComplete { [slots] _ in slots.release(slot) }
        return channel.eventLoop.makeCompletedFuture { try security.secure?(channel) }
            .flatMap { base.setup(channel: channel, logger: logger) }
            .flatMap { value in replaceDecoder(of: channel, on: slot).map { value } }
    }

    /// Replaces Hummingbird's decoder with an ``AdminDecoder``, and adds an ``AdminConnection``.
    private func replaceDecoder(of channel: any Channel, on slot: ConnectionSlots.Slot) -> EventLoopFuture<
        Void
    > {
        let pipeline = channel.pipeline.syncOperations
        do {
            let old = try pipeline.handler(type: ByteToMessageHandler<HTTPRequestDecoder>.self)
            let timeouts = ConnectionTimeouts(
                on: slot, of: slots, bounds: bounds, eventLoop: channel.eventLoop)
            let connection = AdminConnection(security, timeouts: timeouts)
            let decoder = AdminDecoder(for: connection, maximumHeaderBytes: Self.maximumHeaderBytes)
            let bytes = ByteToMessageHandler(decoder, maximumBufferSize: 2 * Self.maximumHeaderBytes)
            try pipeline.addHandlers(bytes, connection, position: .after(old))
            return pipeline.removeHandler(old)
        } catch {
            return channel.eventLoop.makeFailedFuture(error)
        }
    }

    func handle(value: HTTP1Channel.Value, logger: Logger) async {
        await base.handle(value: value, logger: logger)
    }
}

extension HTTPServerBuilder {
    /// HTTP/1.1 with the control plane's bounds.
    static func admin(_ bounds: AdminBounds, _ security: AdminSecurity) -> HTTPServerBuilder {
        let slots = ConnectionSlots(
            connections: bounds.connections, healthConnections: bounds.healthConnections)
        return HTTPServerBuilder { responder in
            let configuration = HTTP1Channel.Configuration(idleTimeout: TimeAmount(bounds.idleTimeout))
            return AdminChannel(
                base: HTTP1Channel(responder: responder, configuration: configuration), security: security,
                bounds: bounds, slots: slots)
        }
    }
}
