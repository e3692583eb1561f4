// A server and the user on it, as one line that a person can type:
//   redis://[user[:password]@]host[:port][/db]     TCP
//   rediss://...                                   TCP with TLS
//   unix:///path/to.sock[?db=N&user=..&password=..]
//   redis+cluster://[..@]host[:port][,host[:port]..][/]          some nodes of a Redis Cluster
//   redis+sentinel://[..@]host[:port][,host[:port]..]/NAME[/db]  the primary that sentinels name
//   rediss+cluster://..., rediss+sentinel://...                  the same with TLS
// Only parsing: nothing here resolves, opens or connects. It never shows a password.

import WireFormat

/// Where a Redis is, and who we are there: one server, a cluster, or a primary with sentinels.
public struct RedisURL: Sendable, Equatable {
    /// The most addresses that a URL may have.
    public static let maximumAddresses = 32

    /// How a server is reached.
    public enum Address: Sendable, Hashable {
        /// Host name or IP address literal (IPv6 without brackets), and port 1...65535.
        case tcp(host: String, port: Int)
        /// The absolute path of a Unix socket, at most 103 bytes.
        case unix(path: String)
    }

    /// What is at the addresses.
    public enum Deployment: Sendable, Equatable {
        /// The one server.
        case single
        /// Nodes of a Redis Cluster, any of which knows the others.
        case cluster
        /// Sentinels, which know the primary of this name.
        case sentinel(primary: String)
    }

    public let deployment: Deployment
    /// At least one; exactly one of a single server.
    public let addresses: [Address]
    /// The first of ``addresses``.
    public var address: Address { addresses[0] }
    /// Whether TLS is used; only over TCP.
    public let usesTLS: Bool
    /// The ACL user; nil for the server's default user.
    public let user: String?
    /// The password for AUTH; nil: AUTH is not sent.
    public let password: String?
    /// The number for SELECT, 0...2147483647.
    public let database: Int

    /// Parses `redis://`, `rediss://`, `unix://`, and the first two with `+cluster` or `+sentinel`.
    ///
    /// User, password and path may be percent-encoded; `/`, `?`, `#`, `@` and `%` inside a user or
    /// password must be. `redis://:password@host` has a password and no user.
    /// - Throws: `RedisURLError`, whose text says what to type and never repeats the input.
    public init(_ text: String) throws(RedisURLError) {
        guard !text.utf8.contains(where: { $0 <= 0x20 || $0 == 0x7F }) else {
            throw RedisURLError("it has a space or a control character; percent-encode it, as in %20")
        }
        guard !text.utf8.contains(UInt8(ascii: "#")) else {
            throw RedisURLError("it has a '#', which is invalid here; inside a password write %23")
        }
        let parts = text.split(separator: "://", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2 else { throw RedisURLError("its scheme is missing") }
        switch parts[0].lowercased() {
        case "redis": self = try RedisURL(authority: parts[1], usesTLS: false)
        case "rediss": self = try RedisURL(authority: parts[1], usesTLS: true)
        case "redis+cluster": self = try RedisURL(cluster: parts[1], usesTLS: false)
        case "rediss+cluster": self = try RedisURL(cluster: parts[1], usesTLS: true)
        case "redis+sentinel": self = try RedisURL(sentinels: parts[1], usesTLS: false)
        case "rediss+sentinel": self = try RedisURL(sentinels: parts[1], usesTLS: true)
        case "unix": self = try RedisURL(socket: parts[1])
        default:
            throw RedisURLError("its scheme must be redis, rediss, unix, redis+cluster or redis+sentinel")
        }
    }

    /// The same at one address: that of a node, or of the primary that sentinels name.
    func at(_ address: Address) -> RedisURL {
        RedisURL(self, address: address, user: user, password: password, database: database)
    }

    /// A sentinel of this URL.
    func ofSentinel(at address: Address, user: String?, password: String?) -> RedisURL {
        RedisURL(self, address: address, user: user, password: password, database: 0)
    }

    private init(_ url: RedisURL, address: Address, user: String?, password: String?, database: Int) {
        deployment = url.deployment == .cluster ? .cluster : .single
        addresses = [address]
        usesTLS = url.usesTLS
        self.user = user
        self.password = password
        self.database = database
    }

    private init(
        _ deployment: Deployment, _ addresses: [Address], usesTLS: Bool, user: String?, password: String?,
        database: Int
    ) throws(RedisURLError) {
        let user = user.flatMap { $0.isEmpty ? nil : $0 }
        let password = password.flatMap { $0.isEmpty ? nil : $0 }
        guard user == nil || password != nil else {
            throw RedisURLError("a user needs a password; for a password alone write redis://:password@host")
        }
        self.deployment = deployment
        self.addresses = addresses
        self.usesTLS = usesTLS
        self.user = user
        self.password = password
        self.database = database
    }

    private init(authority text: Substring, usesTLS: Bool) throws(RedisURLError) {
        let parts = try Authority(text, port: 6_379)
        guard parts.addresses.count == 1 else {
            throw RedisURLError("it has several hosts; for a cluster write redis+cluster://")
        }
        let database = parts.path.isEmpty ? 0 : try number(parts.path, "database", 0...0x7FFF_FFFF)
        try self.init(
            .single, parts.addresses, usesTLS: usesTLS, user: parts.user, password: parts.password,
            database: database)
    }

    private init(cluster text: Substring, usesTLS: Bool) throws(RedisURLError) {
        let parts = try Authority(text, port: 6_379)
        guard parts.path.isEmpty || parts.path == "0" else {
            throw RedisURLError("a cluster has the database 0 only")
        }
        try self.init(
            .cluster, parts.addresses, usesTLS: usesTLS, user: parts.user, password: parts.password,
            database: 0)
    }

    private init(sentinels text: Substring, usesTLS: Bool) throws(RedisURLError) {
        let parts = try Authority(text, port: 26_379)
        let path = parts.path.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        let name = path.first ?? ""
        guard !name.isEmpty, name.utf8.count <= 64,
            name.utf8.allSatisfy({ isHostByte($0) || $0 == UInt8(ascii: ":") })
        else {
            throw RedisURLError(
                "the name of the primary is missing or invalid, as in redis+sentinel://host:26379/mymaster")
        }
        let database = path.count == 2 ? try number(path[1], "database", 0...0x7FFF_FFFF) : 0
        try self.init(
            .sentinel(primary: String(name)), parts.addresses, usesTLS: usesTLS, user: parts.user,
            password: parts.password, database: database)
    }

    private init(socket text: Substring) throws(RedisURLError) {
        let halves = text.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        let path = try decoded(halves[0], "path")
        guard path.utf8.first == UInt8(ascii: "/"), !path.utf8.contains(0) else {
            throw RedisURLError("the path must be absolute, as in unix:///run/redis.sock")
        }
        guard path.utf8.count <= UnixSocketPath.maximumBytes else {
            throw RedisURLError("the socket's path is longer than \(UnixSocketPath.maximumBytes) bytes")
        }
        var values: [String: String] = [:]
        for pair in halves.dropFirst().joined().split(separator: "&") {
            let sides = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard sides.count == 2, ["db", "user", "password"].contains(sides[0]) else {
                throw RedisURLError("its query may have db=N, user=NAME and password=SECRET only")
            }
            guard values.updateValue(try decoded(sides[1], "query"), forKey: String(sides[0])) == nil else {
                throw RedisURLError("its query has a duplicate")
            }
        }
        var database = 0
        if let text = values["db"] { database = try number(Substring(text), "database", 0...0x7FFF_FFFF) }
        try self.init(
            .single, [.unix(path: path)], usesTLS: false, user: values["user"], password: values["password"],
            database: database)
    }
}

extension RedisURL: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The URL with `***` in place of the password; safe for logs.
    public var description: String {
        if case .unix(let path) = address {
            let identity = password == nil ? "" : "&user=\(user ?? "")&password=***"
            return "unix://\(path)?db=\(database)\(identity)"
        }
        let identity = password == nil ? "" : "\(user ?? ""):***@"
        let hosts = addresses.map(\.description).joined(separator: ",")
        let start = "\(usesTLS ? "rediss" : "redis")"
        return switch deployment {
        case .single: "\(start)://\(identity)\(hosts)/\(database)"
        case .cluster: "\(start)+cluster://\(identity)\(hosts)/"
        case .sentinel(let name): "\(start)+sentinel://\(identity)\(hosts)/\(name)/\(database)"
        }
    }

    public var debugDescription: String { description }

    /// Shows only `description`, so that `dump` and the default descriptions of containers do not
    /// reveal the password.
    public var customMirror: Mirror { Mirror(self, children: [("url", description)]) }
}

extension RedisURL.Address: CustomStringConvertible {
    /// `host:port`, with brackets around an IPv6 address; the path of a socket.
    public var description: String {
        switch self {
        case .tcp(let host, let port): "\(host.contains(":") ? "[\(host)]" : host):\(port)"
        case .unix(let path): path
        }
    }
}

/// `[user[:password]@]host[:port][,host[:port]..][/path]`
private struct Authority {
    var user: String?
    var password: String?
    var addresses: [RedisURL.Address] = []
    var path: Substring = ""

    /// - Parameter port: of hosts without one.
    init(_ text: Substring, port: Int) throws(RedisURLError) {
        guard !text.contains("?") else {
            throw RedisURLError("it has a query; write the database as /N, and '?' inside a password as %3F")
        }
        let halves = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        if halves.count == 2 { path = halves[1] }
        var hosts = halves[0]
        if let at = hosts.lastIndex(of: "@") {
            let identity = hosts[..<at].split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            user = try decoded(identity[0], "user")
            password = identity.count == 2 ? try decoded(identity[1], "password") : nil
            hosts = hosts[hosts.index(after: at)...]
        }
        for host in hosts.split(separator: ",", omittingEmptySubsequences: false) {
            addresses.append(try hostAndPort(host, standard: port))
        }
        guard addresses.count <= RedisURL.maximumAddresses else {
            throw RedisURLError(
                "it has more than \(RedisURL.maximumAddresses) hosts; some of them are enough")
        }
    }
}

private func hostAndPort(
    _ text: Substring, standard: Int
) throws(RedisURLError) -> RedisURL.Address {
    let host: Substring
    let rest: Substring
    if text.first == "[" {
        guard let end = text.firstIndex(of: "]") else {
            throw RedisURLError("the bracket of its host is not closed")
        }
        host = text[text.index(after: text.startIndex)..<end]
        rest = text[text.index(after: end)...]
        guard host.contains(":"), host.utf8.allSatisfy({ isHostByte($0) || $0 == UInt8(ascii: ":") }) else {
            throw RedisURLError("brackets are for IPv6 addresses, as in redis://[::1]:6379")
        }
    } else {
        let end = text.firstIndex(of: ":") ?? text.endIndex
        host = text[..<end]
        rest = text[end...]
        guard !host.isEmpty else { throw RedisURLError("its host is missing") }
        guard host.utf8.allSatisfy(isHostByte) else {
            throw RedisURLError("its host has an invalid character")
        }
    }
    guard !rest.isEmpty else { return .tcp(host: String(host), port: standard) }
    guard rest.first == ":" else { throw RedisURLError("only :port may follow the host's bracket") }
    return .tcp(host: String(host), port: try number(rest.dropFirst(), "port", 1...65_535))
}

private func isHostByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "_"): true
    default: false
    }
}

private func number(_ text: Substring, _ what: String, _ range: ClosedRange<Int>) throws(RedisURLError) -> Int
{
    guard text.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let value = Int(text), range.contains(value)
    else {
        throw RedisURLError("its \(what) is not a number from \(range.lowerBound) to \(range.upperBound)")
    }
    return value
}

/// Decodes percent-encoding. The result must be UTF-8, because names and passwords are `String`s.
private func decoded(_ text: Substring, _ what: String) throws(RedisURLError) -> String {
    var bytes: [UInt8] = []
    var rest = text.utf8[...]
    while let byte = rest.popFirst() {
        guard byte == UInt8(ascii: "%") else {
            bytes.append(byte)
            continue
        }
        guard let high = rest.popFirst().flatMap(hexDigit), let low = rest.popFirst().flatMap(hexDigit) else {
            throw RedisURLError(
                "its \(what) has a '%' that no two hex digits follow; a '%' itself is written %25")
        }
        bytes.append(high << 4 | low)
    }
    guard let result = String(validating: bytes, as: UTF8.self) else {
        throw RedisURLError("its \(what) is not UTF-8 once decoded")
    }
    return result
}

private func hexDigit(_ byte: UInt8) -> UInt8? {
    Character(UnicodeScalar(byte)).hexDigitValue.map { UInt8($0) }
}
