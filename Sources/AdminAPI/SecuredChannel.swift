// Hummingbird's own TLS keeps the certificate that it began with. This one asks for each connection what to add, so that
// a new certificate is used from the next connection on.

import HummingbirdCore
import Logging
import NIOCore

struct SecuredChannel<Base: HTTPChannelHandler>: HTTPChannelHandler {
    let base: Base
    let secure: AdminSecurity.Secure

    var responder: HTTPChannelHandler.Responder { base.responder }

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Base.Value> {
        channel.eventLoop.makeCompletedFuture { try secure(channel) }
            .flatMap { base.setup(channel: channel, logger: logger) }
    }

    func handle(value: Base.Value, logger: Logger) async { await base.handle(value: value, logger: logger) }
}

extension HTTPServerBuilder {
    /// HTTP/1.1, on connections that `secure` has been called for.
    static func http1(
        configuration: HTTP1Channel.Configuration, secure: AdminSecurity.Secure?
    ) -> HTTPServerBuilder {
        guard let secure else { return .http1(configuration: configuration) }
        return HTTPServerBuilder { responder in
            SecuredChannel(
                base: HTTP1Channel(responder: responder, configuration: configuration), secure: secure)
        }
    }
}
