// Where the service that is loaded listens.

/// A TCP address or a Unix socket.
public enum LoadTarget: Hashable, Sendable, CustomStringConvertible {
    case tcp(host: String, port: Int)
    case unixSocket(path: String)

    /// Bytes of a Unix socket's path.
    static let longestPath = 107

    /// Reads `http://HOST:PORT` (IPv6 in brackets) or `unix:PATH`.
    public init(_ text: String) throws(LoadError) {
        if text.hasPrefix("unix:") {
            var path = text.dropFirst("unix:".count)
            if path.hasPrefix("//") { path = path.dropFirst(2) }
            guard (1...Self.longestPath).contains(path.utf8.count) else {
                throw LoadError("A socket's path has 1 to \(Self.longestPath) bytes: unix:/run/stint.sock")
            }
            self = .unixSocket(path: String(path))
            return
        }
        guard !text.hasPrefix("https:") else {
            throw LoadError(
                "A load speaks no TLS: let it ask a Unix socket, or a Stint without. Type http://HOST:PORT or unix:/PATH"
            )
        }
        guard let address = Self.address(text) else { throw LoadError("Type http://HOST:PORT or unix:/PATH") }
        self = .tcp(host: address.host, port: address.port)
    }

    private static func address(_ text: String) -> (host: String, port: Int)? {
        guard text.hasPrefix("http://") else { return nil }
        var rest = text.dropFirst("http://".count)
        if rest.hasSuffix("/") { rest = rest.dropLast() }
        guard let colon = rest.lastIndex(of: ":"),
            let port = UInt16(rest[rest.index(after: colon)...]), port > 0
        else { return nil }
        var host = rest[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") {
            host = host.dropFirst().dropLast()
        } else if host.contains(":") {
            return nil
        }
        let isName = host.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && !"/?#@\"".utf8.contains($0) }
        return host.isEmpty || !isName ? nil : (String(host), Int(port))
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
