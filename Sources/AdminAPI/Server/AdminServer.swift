// The control plane: Hummingbird on a port of its own, for people and for machines that watch.
// Runners never come here, so nothing on this side has to be fast, and nothing here can slow an
// admission down.

public import Hummingbird
import HummingbirdCore
public import Logging
public import NIOCore

public struct AdminServer: Sendable {
    /// Adds what bounds how many connections a listener takes.
    public typealias GuardListener = @Sendable (any Channel) throws -> Void

    private let application: Application<RouterResponder<AdminContext>>

    /// - Parameters:
    ///   - host: an IP address of this machine.
    ///   - port: 0 takes any free port.
    ///   - security: whose requests are answered, and what protects them on their way.
    ///   - bounds: how much of it one caller may take, and for how long.
    ///   - guardListener: called once for the listener, on its event loop.
    ///   - listening: called once with the port when connections are accepted.
    ///   - logger: what Hummingbird has to say goes there from `debug` up only if it is set to
    ///     `debug`, else from `notice` up; the start is announced by whoever composes the process.
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

    /// To be run by a `ServiceGroup`; ends on graceful shutdown, when open connections have had
    /// their answers.
    /// - Throws: when the address cannot be listened on.
    public var service: some ApplicationProtocol { application }
}
