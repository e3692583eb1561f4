// The address of the service under load.

import WireFormat

/// A TCP address or a Unix socket.
public enum LoadTarget: Hashable, Sendable, CustomStringConvertible {
    case tcp(host: String, port: Int)
    case unixSocket(path: String)

    /// Reads `http://HOST:PORT` as ``HTTPOrigin`` does, or `unix:PATH`.
    public init(_ text: String) throws(LoadError) {
        if text.hasPrefix("unix:") {
            var path = text.dropFirst("unix:".count)
            if path.hasPrefix("//") { path = path.dropFirst(2) }
            guard (1...UnixSocketPath.maximumBytes).contains(path.utf8.count) else {
                throw LoadError(
                    "The path of a Unix socket must be 1 to \(UnixSocketPath.maximumBytes) bytes. "
                        + "Type for example: unix:/run/stint.sock")
            }
            self = .unixSocket(path: String(path))
            return
        }
        let origin: HTTPOrigin
        do throws(InvalidRequest) {
            origin = try HTTPOrigin(text)
        } catch {
            throw LoadError("Type http://HOST:PORT or unix:/PATH")
        }
        guard !origin.isSecure else {
            throw LoadError(
                "A load has no TLS: use a Unix socket, or a Stint without TLS. Type http://HOST:PORT or unix:/PATH"
            )
        }
        self = .tcp(host: origin.host, port: origin.port)
    }

    public var description: String {
        switch self {
        case .tcp: "http://\(host)"
        case .unixSocket(let path): "unix:\(path)"
        }
    }

    /// The value of the `Host` field.
    var host: String {
        switch self {
        case .tcp(let host, let port): host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
        case .unixSocket: "localhost"
        }
    }
}
