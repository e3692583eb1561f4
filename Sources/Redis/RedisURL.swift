// A server and the user on it, as one line that a person can type:
//   redis://[user[:password]@]host[:port][/db]     TCP
//   rediss://...                                   TCP with TLS
//   unix:///path/to.sock[?db=N&user=..&password=..]
// Only parsing: nothing here resolves, opens or connects. It never shows a password.

import WireFormat

/// The address, identity and database of one Redis server.
public struct RedisURL: Sendable, Equatable {
    /// The address of the server.
    public enum Address: Sendable, Equatable {
        /// A host name or IP address literal (IPv6 without brackets), and a port, 1...65535.
        case tcp(host: String, port: Int)
        /// The absolute path of a Unix socket, at most 103 bytes.
        case unix(path: String)
    }

    public let address: Address
    /// Whether TLS is used; only over TCP.
    public let usesTLS: Bool
    /// The ACL user; nil for the server's default user.
    public let user: String?
    /// The password for AUTH; nil: AUTH is not sent.
    public let password: String?
    /// The number for SELECT, 0...2147483647.
    public let database: Int

    /// Parses `redis://`, `rediss://` and `unix://`.
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
        case "unix": self = try RedisURL(socket: parts[1])
        default: throw RedisURLError("its scheme must be redis, rediss or unix")
        }
    }

    private init(
        address: Address, usesTLS: Bool, user: String?, password: String?, database: Int
    ) throws(RedisURLError) {
        let user = user.flatMap { $0.isEmpty ? nil : $0 }
        let password = password.flatMap { $0.isEmpty ? nil : $0 }
        guard user == nil || password != nil else {
            throw RedisURLError("a user needs a password; for a password alone write redis://:password@host")
        }
        self.address = address
        self.usesTLS = usesTLS
        self.user = user
        self.password = password
        self.database = database
    }

    private init(authority text: Substring, usesTLS: Bool) throws(RedisURLError) {
        guard !text.contains("?") else {
            throw RedisURLError("it has a query; write the database as /N, and '?' inside a password as %3F")
        }
        let halves = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        var host = halves[0]
        var user: String?
        var password: String?
        if let at = host.lastIndex(of: "@") {
            let identity = host[..<at].split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            user = try decoded(identity[0], "user")
            password = identity.count == 2 ? try decoded(identity[1], "password") : nil
            host = host[host.index(after: at)...]
        }
        let database =
            halves.count == 2 && !halves[1].isEmpty ? try number(halves[1], "database", 0...0x7FFF_FFFF) : 0
        try self.init(
            address: try hostAndPort(host), usesTLS: usesTLS, user: user, password: password,
            database: database
        )
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
            address: .unix(path: path), usesTLS: false, user: values["user"], password: values["password"],
            database: database
        )
    }
}

extension RedisURL: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The URL with `***` in place of the password; safe for logs.
    public var description: String {
        switch address {
        case .tcp(let host, let port):
            let identity = password == nil ? "" : "\(user ?? ""):***@"
            let shown = host.contains(":") ? "[\(host)]" : host
            return "\(usesTLS ? "rediss" : "redis")://\(identity)\(shown):\(port)/\(database)"
        case .unix(let path):
            let identity = password == nil ? "" : "&user=\(user ?? "")&password=***"
            return "unix://\(path)?db=\(database)\(identity)"
        }
    }

    public var debugDescription: String { description }

    /// Shows only `description`, so that `dump` and the default descriptions of containers do not
    /// reveal the password.
    public var customMirror: Mirror { Mirror(self, children: [("url", description)]) }
}

private func hostAndPort(_ text: Substring) throws(RedisURLError) -> RedisURL.Address {
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
    guard !rest.isEmpty else { return .tcp(host: String(host), port: 6379) }
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
