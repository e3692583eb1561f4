// What a server reports about itself with INFO, as a value: parsed in one place for the greeting of
// a link, the ledger, the metrics and `stint doctor`. Without I/O.

import NIOCore

/// A reply to `INFO`, or to one of its sections. What the server does not report is nil.
public struct ServerInfo: Sendable, Equatable {
    /// A replica, as its primary reports it.
    public struct Replica: Sendable, Equatable {
        /// Where the primary sees it, or what it announces.
        public let address: RedisURL.Address
        /// Whether it gets what is written; else it is still being synchronised.
        public let isOnline: Bool
        /// Seconds since the replica was last heard of; at least 0.
        public let lagS: Int
        /// Bytes that the primary wrote and the replica has not acknowledged; at least 0.
        public let lagBytes: Int
    }

    /// The most replicas that are read.
    private static let maximumReplicas = 1_000

    private let values: [Substring: Substring]

    /// - Parameter text: lines of `name:value`; others are ignored.
    public init(_ text: String) {
        values = Self.pairs(text.split(whereSeparator: \.isNewline), separatedBy: ":")
    }

    /// - Returns: nil if the reply is not that of `INFO`.
    public init?(_ reply: RedisReply) {
        guard case .bulk(let bytes) = reply else { return nil }
        self.init(String(buffer: bytes))
    }

    public subscript(name: String) -> String? { values[Substring(name)].map(String.init) }

    /// The value of a line, if it is a whole number; what is beyond 0 to 2^53 is taken for that.
    public func number(_ name: String) -> Int? { values[Substring(name)].flatMap { Self.number($0) } }

    static func number(_ text: some StringProtocol) -> Int? { Int(text).map { min(max($0, 0), 1 << 53) } }

    /// Whether the server is a node of a cluster.
    public var belongsToCluster: Bool? { self["cluster_enabled"].map { $0 == "1" } }

    /// What is removed when the memory is full, such as `noeviction`.
    public var evictionPolicy: String? { self["maxmemory_policy"] }

    /// Bytes that are used, and that may be: `maxmemory`, or the machine's memory if that is 0.
    public var memory: (used: Int, limit: Int)? {
        guard let used = number("used_memory"), let maximum = number("maxmemory") else { return nil }
        return (used, maximum > 0 ? maximum : number("total_system_memory") ?? 0)
    }

    /// The program and its version, such as `Redis 7.0.15` or `Valkey 9.1.2`.
    public var program: String? {
        if let version = self["valkey_version"] { return "Valkey \(version)" }
        return self["redis_version"].map { "Redis \($0)" }
    }

    /// Whether it has the commands of the oldest Redis that Stint supports, 6.2. Valkey reports the
    /// version of Redis that it is compatible with.
    public var isSupported: Bool? {
        isAtLeast(6, 2)
    }

    /// Whether `min-replicas-to-write` holds for what scripts write, as it does since 7.0.
    public var refusesScriptsWithoutReplicas: Bool? { isAtLeast(7, 0) }

    private func isAtLeast(_ major: Int, _ minor: Int) -> Bool? {
        guard let version = self["redis_version"] else { return nil }
        let parts = version.split(separator: ".").map { Int($0) ?? 0 }
        return !parts.lexicographicallyPrecedes([major, minor])
    }

    /// The replicas of a primary that are connected.
    /// - Parameter server: the primary. It stands for replicas that do not say where they are.
    public func replicas(of server: RedisURL.Address) -> [Replica] {
        let written = number("master_repl_offset") ?? 0
        return (0..<min(number("connected_slaves") ?? 0, Self.maximumReplicas)).compactMap {
            (index) -> Replica? in
            guard let line = values[Substring("slave\(index)")] else { return nil }
            let fields = Self.pairs(line.split(separator: ","), separatedBy: "=")
            guard let port = fields["port"].flatMap({ Self.number($0) }),
                let address = server.other(host: String(fields["ip"] ?? ""), port: port)
            else { return nil }
            let acknowledged = fields["offset"].flatMap { Self.number($0) } ?? 0
            return Replica(
                address: address, isOnline: fields["state"] == "online",
                lagS: fields["lag"].flatMap { Self.number($0) } ?? 0,
                lagBytes: max(0, written - acknowledged))
        }
    }

    /// The first of duplicate names counts.
    private static func pairs(
        _ parts: [Substring], separatedBy separator: Character
    ) -> [Substring: Substring] {
        var found: [Substring: Substring] = [:]
        for part in parts {
            guard let place = part.firstIndex(of: separator) else { continue }
            let name = part[..<place]
            if found[name] == nil { found[name] = part[part.index(after: place)...] }
        }
        return found
    }
}
