// The address of an HTTP service, as people type it. Every client and every command parses it here,
// so all accept and reject the same.

/// Scheme, host and port of `http://HOST:PORT` or `https://HOST:PORT`.
public struct HTTPOrigin: Hashable, Sendable {
    /// The maximum length of a host's name in bytes (DNS).
    public static let longestHost = 253

    public let isSecure: Bool
    /// A name of letters, digits, `-`, `.` and `_`, an IPv4 address, or an IPv6 address without
    /// brackets and zone.
    public let host: String
    /// 1 to 65535.
    public let port: Int

    /// - Parameter text: IPv6 is in brackets; a slash at the end is ignored; the default port is 80
    ///   or 443.
    /// - Throws: ``InvalidRequest/url`` for everything else: user names, paths, queries, other
    ///   schemes.
    public init(_ text: String) throws(InvalidRequest) {
        guard let colon = text.utf8.firstIndex(of: UInt8(ascii: ":")),
            text.utf8[colon...].starts(with: "://".utf8)
        else { throw .url }
        switch text[..<colon].lowercased() {
        case "http": isSecure = false
        case "https": isSecure = true
        default: throw .url
        }
        var authority = text.utf8[colon...].dropFirst(3)
        if authority.last == UInt8(ascii: "/") { authority.removeLast() }
        guard let (host, rest) = Self.split(authority) else { throw .url }
        self.host = host
        guard rest.first == UInt8(ascii: ":") else {
            port = isSecure ? 443 : 80
            return
        }
        guard let port = Self.port(Substring(rest.dropFirst())), port > 0 else { throw .url }
        self.port = port
    }

    /// The value of `Host`: the host, in brackets if it is IPv6, and the port.
    public var authority: String { (host.contains(":") ? "[\(host)]" : host) + ":\(port)" }

    /// The URL without a slash at its end.
    public var url: String { (isSecure ? "https://" : "http://") + authority }

    /// - Parameter text: one to five digits, and nothing else.
    /// - Returns: 0 to 65535; nil for any other text.
    public static func port(_ text: some StringProtocol) -> Int? {
        guard (1...5).contains(text.utf8.count), text.utf8.allSatisfy(\.isDigit) else { return nil }
        return UInt16(text).map { Int($0) }
    }

    /// The host, and the colon and the port after it, if present.
    private static func split(
        _ authority: Substring.UTF8View
    ) -> (host: String, rest: Substring.UTF8View)? {
        guard authority.first == UInt8(ascii: "[") else {
            let host = authority.prefix { $0 != UInt8(ascii: ":") }
            guard (1...longestHost).contains(host.count), host.allSatisfy(\.isNameByte) else { return nil }
            return (String(Substring(host)), authority[host.endIndex...])
        }
        guard let end = authority.firstIndex(of: UInt8(ascii: "]")) else { return nil }
        let host = String(Substring(authority[..<end].dropFirst()))
        let rest = authority[authority.index(after: end)...]
        guard isIPv6(host), rest.isEmpty || rest.first == UInt8(ascii: ":") else { return nil }
        return (host, rest)
    }

    /// RFC 4291, section 2.2: eight groups, some zero groups as `::`, the last two optionally as an
    /// IPv4 address.
    private static func isIPv6(_ text: String) -> Bool {
        let halves = text.split(separator: "::", omittingEmptySubsequences: false).map { half in
            half.isEmpty ? [] : half.split(separator: ":", omittingEmptySubsequences: false)
        }
        var groups = halves.flatMap { $0 }
        var count = groups.count
        if let last = halves.last?.last, last.contains("."), isIPv4(last) {
            groups.removeLast()
            count += 1
        }
        guard groups.allSatisfy({ (1...4).contains($0.utf8.count) && $0.utf8.allSatisfy(\.isHexDigit) })
        else { return false }
        return halves.count == 1 ? count == 8 : halves.count == 2 && count <= 7
    }

    private static func isIPv4(_ text: Substring) -> Bool {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4
            && parts.allSatisfy { part in
                part.utf8.allSatisfy(\.isDigit) && UInt8(part) != nil
                    && (part.utf8.count == 1 || part.utf8.first != UInt8(ascii: "0"))
            }
    }
}

extension UInt8 {
    fileprivate var isDigit: Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(self) }

    fileprivate var isHexDigit: Bool {
        isDigit || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(self | 0x20)
    }

    fileprivate var isNameByte: Bool {
        isDigit || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(self | 0x20) || "-._".utf8.contains(self)
    }
}
