// Where an admin API is: scheme, host and port of the URL that people type.

/// `http://HOST:PORT` or `https://HOST:PORT`, read.
struct AdminOrigin: Hashable, Sendable {
    let isSecure: Bool
    /// A name or an address; of IPv6 without its brackets.
    let host: String
    let port: Int

    /// - Parameter url: a slash at its end is ignored; without a port it is 80 or 443. Nil for
    ///   everything else: user names, paths, queries, other schemes.
    init?(url: String) {
        guard let colon = url.firstIndex(of: ":"), url[colon...].hasPrefix("://") else { return nil }
        switch url[..<colon].lowercased() {
        case "http": isSecure = false
        case "https": isSecure = true
        default: return nil
        }
        var authority = url[colon...].dropFirst(3)
        if authority.hasSuffix("/") { authority.removeLast() }
        guard let (host, port) = Self.split(authority, defaultPort: isSecure ? 443 : 80) else { return nil }
        self.host = host
        self.port = port
    }

    /// As the `Host` field has it.
    var authority: String { (host.contains(":") ? "[\(host)]" : host) + ":\(port)" }

    /// What TLS asks the server to be; an address is none.
    var serverName: String? {
        host.contains(":") || host.utf8.allSatisfy { $0 == UInt8(ascii: ".") || (0x30...0x39).contains($0) }
            ? nil : host
    }

    private static func split(_ authority: Substring, defaultPort: Int) -> (host: String, port: Int)? {
        var (host, rest) = (authority, Substring())
        if authority.hasPrefix("["), let end = authority.firstIndex(of: "]") {
            host = authority[authority.index(after: authority.startIndex)..<end]
            rest = authority[authority.index(after: end)...]
            guard host.contains(":") else { return nil }
        } else if let colon = authority.firstIndex(of: ":") {
            (host, rest) = (authority[..<colon], authority[colon...])
        }
        let isPlain = host.utf8.allSatisfy { byte in
            byte > 0x20 && byte < 0x7F && !"/?#@[]\\\"<>".utf8.contains(byte)
        }
        guard !host.isEmpty, isPlain else { return nil }
        if rest.isEmpty { return (String(host), defaultPort) }
        guard rest.first == ":", let port = UInt16(rest.dropFirst()), port > 0 else { return nil }
        return (String(host), Int(port))
    }
}
