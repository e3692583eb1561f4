// The control plane: Hummingbird on a separate port, for people and monitors. Runners use another
// port, so nothing here has to be fast, and nothing here can slow down an admission.

public import Hummingbird
import HummingbirdCore
public import Logging
public import NIOCore

public struct AdminServer: Sendable {
    /// Adds the handler that bounds how many connections a listener accepts.
    public typealias GuardListener = @Sendable (any Channel) throws -> Void

    private let application: Application<RouterResponder<AdminContext>>

    /// - Parameters:
    ///   - host: an IP address of this machine.
    ///   - port: 0 takes a free port.
    ///   - controlPlane: what it shows and changes.
    ///   - security: tokens and TLS.
    ///   - bounds: connections and timeouts.
    ///   - guardListener: called once for the listener, on its event loop.
    ///   - listening: called once with the port, when connections are accepted.
    ///   - logger: gets Hummingbird's messages from `debug` up if its level is `debug`, else from
    ///     `notice` up. The composition root logs the start.
    public init(
        host: String,
        port: Int,
        controlPlane: ControlPlane,
        security: AdminSecurity = AdminSecurity(),
        bounds: AdminBounds = AdminBounds(),
        guardListener: GuardListener? = nil,
        listening: @escaping @Sendable (_ port: Int) async -> Void = { _ in },
        logger: Logger
    ) {
        var quiet = logger
        if quiet.logLevel == .info { quiet.logLevel = .notice }
        application = Application(
            router: AdminRoutes.router(controlPlane, security: security),
            server: .admin(bounds, security),
            configuration: ApplicationConfiguration(address: .hostname(host, port: port)),
            onServerRunning: { [quiet] channel in
                do {
                    try await channel.eventLoop.submit { try guardListener?(channel) }.get()
                } catch {
                    quiet.error("the listener was closed at once", metadata: ["error": "\(error)"])
                }
                await listening(channel.localAddress?.port ?? port)
            },
            logger: quiet)
    }

    /// The server, to be run by a `ServiceGroup`. On graceful shutdown it ends when open
    /// connections have their answers. Its `run` throws if it cannot listen on the address.
    public var service: some ApplicationProtocol { application }
}
