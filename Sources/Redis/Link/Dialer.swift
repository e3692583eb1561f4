// Opens sockets: TCP by name or address, Unix, and TLS over TCP. It makes one attempt; the link
// repeats it.

import NIOCore
import NIOPosix
import NIOSSL

#if os(Linux)
    import Glibc
#endif

final class Dialer {
    private let settings: RedisSettings
    private let eventLoop: any EventLoop
    /// Made by the first attempt that can read the trust roots, then kept.
    private var tls: NIOSSLContext?

    init(settings: RedisSettings, eventLoop: any EventLoop) {
        self.settings = settings
        self.eventLoop = eventLoop
    }

    /// Opens a channel and connects it. With TLS its handshake may still be in progress.
    func dial() -> EventLoopFuture<any Channel> {
        let timeout = TimeAmount(settings.connectDeadline)
        let bootstrap = ClientBootstrap(group: eventLoop).connectTimeout(timeout)
        switch settings.url.address {
        case .unix(let path):
            return bootstrap.connect(unixDomainSocketPath: path)
        case .tcp(let host, let port):
            do {
                let bootstrap = Self.keepAlive(
                    bootstrap.channelOption(.tcpOption(.tcp_nodelay), value: 1))
                let address = Self.address(host: host, port: port)
                let secured = try secure(bootstrap, serverName: address == nil ? host : nil)
                return address.map(secured.connect(to:)) ?? secured.connect(host: host, port: port)
            } catch {
                return eventLoop.makeFailedFuture(error)
            }
        }
    }

    /// Lets the kernel find out that the other end is gone, also for a socket that the link has
    /// closed: probes after 10 s of idleness, each 5 s, three of them; and bytes that nobody
    /// confirms for 25 s end the connection.
    private static func keepAlive(_ bootstrap: ClientBootstrap) -> ClientBootstrap {
        let bootstrap = bootstrap.channelOption(.socketOption(.so_keepalive), value: 1)
        #if os(Linux)
            let options = [
                (TCP_KEEPIDLE, 10), (TCP_KEEPINTVL, 5), (TCP_KEEPCNT, 3), (TCP_USER_TIMEOUT, 25_000),
            ]
            return options.reduce(bootstrap) { bootstrap, option in
                bootstrap.channelOption(
                    .tcpOption(NIOBSDSocket.Option(rawValue: option.0)), value: SocketOptionValue(option.1))
            }
        #else
            return bootstrap
        #endif
    }

    private func secure(_ bootstrap: ClientBootstrap, serverName: String?) throws -> ClientBootstrap {
        guard settings.url.usesTLS else { return bootstrap }
        let context = try tls ?? makeContext()
        tls = context
        return bootstrap.channelInitializer { channel in
            channel.eventLoop.makeCompletedFuture {
                let handler = try NIOSSLClientHandler(context: context, serverHostname: serverName)
                try channel.pipeline.syncOperations.addHandler(handler)
            }
        }
    }

    private func makeContext() throws -> NIOSSLContext {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.trustRoots = settings.trustRootsFile.map { .file($0) } ?? .default
        // A silent server must not keep open a socket that the link has given up.
        configuration.shutdownTimeout = TimeAmount(settings.connectDeadline)
        return try NIOSSLContext(configuration: configuration)
    }

    /// The address if `host` is an IP address literal; nil if it is a name.
    private static func address(host: String, port: Int) -> SocketAddress? {
        do { return try SocketAddress(ipAddress: host, port: port) } catch { return nil }
    }

    /// The error as one line for people; NIO's error for a host of several addresses has many.
    static func text(of error: any Error) -> String {
        switch error {
        case let error as NIOConnectionError:
            error.connectionErrors.last.map { text(of: $0.error) } ?? "\(error.host) cannot be resolved"
        case let error as IOError: String(cString: strerror(error.errnoCode))
        default: "\(error)"
        }
    }
}
