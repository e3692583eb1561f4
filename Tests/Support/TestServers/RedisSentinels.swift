// A real primary with replicas, watched by real sentinels, of one test's own on loopback. All are
// killed and their directories removed when the test is over, whatever happens.

import Glibc

/// A private Redis with replicas and sentinels. `RedisSentinels.withSentinels { rig in ... }` is
/// the way to have one.
public final class RedisSentinels: Sendable {
    /// What it should be like.
    public struct Options: Sendable {
        public var replicas = 2
        public var sentinels = 3
        /// How many sentinels must find the primary down.
        public var quorum = 2
        /// After how long without an answer a sentinel finds a server down. Below 700 it would also
        /// find those down that it has just lost the connection to, such as a new primary.
        public var downAfterMs = 700
        /// A failover that fails is tried again after twice this time.
        public var failoverTimeoutMs = 3_000
        /// The default user's password on the primary and the replicas.
        public var password: String?
        /// The default user's password on the sentinels.
        public var sentinelPassword: String?
        /// The network on which each server has a place, and the sentinels have one together; nil:
        /// all are on loopback.
        public var network: PrivateNetwork?
        /// All listen with TLS too, and use it between them.
        public var tls = false
        /// More lines of redis.conf of the primary and the replicas.
        public var config: [String] = []

        public init(password: String? = nil, sentinelPassword: String? = nil) {
            self.password = password
            self.sentinelPassword = sentinelPassword
        }

        /// The port that clients and other servers use.
        func port(of server: RedisServer) -> Int { tls ? server.tlsPort : server.port }

        /// Changes what `change` changes.
        public func with(_ change: (inout Options) -> Void) -> Options {
            var options = self
            change(&options)
            return options
        }
    }

    /// What the sentinels call the primary.
    public static let name = "stint"

    public let options: Options
    /// The primary and the replicas. Node 0 is the first primary.
    public let nodes: [RedisServer]
    public let sentinels: [RedisServer]
    private let certificates: TemporaryDirectory?

    public var sentinelPorts: [Int] { sentinels.map { options.port(of: $0) } }
    /// The PEM file of the certificate to trust, with `tls`.
    public var certificateFile: String { nodes[0].certificateFile }
    /// `redis://` and each sentinel's address, without the password.
    public var sentinelURLs: [String] {
        sentinels.map { "\(options.tls ? "rediss" : "redis")://\($0.host):\(options.port(of: $0))" }
    }

    /// Starts all, gives them to `body` once the sentinels know of each other and of the replicas,
    /// and removes them afterwards.
    public static func withSentinels<Result>(
        _ options: Options = Options(), isolation: isolated (any Actor)? = #isolation,
        _ body: (RedisSentinels) async throws -> Result
    ) async throws -> Result {
        let rig = try RedisSentinels(options)
        defer {
            for server in rig.nodes + rig.sentinels { server.stop() }
            rig.certificates?.remove()
        }
        for server in rig.nodes + rig.sentinels { try await server.untilItAnswers() }
        try rig.publish(everyMs: 100)
        try await rig.untilReady()
        try rig.publish(everyMs: publishPeriodMs)
        return try await body(rig)
    }

    private init(_ options: Options) throws {
        self.options = options
        let certificates = options.tls ? try TemporaryDirectory() : nil
        do {
            if let certificates { try RedisServer.makeCertificate(in: certificates) }
            func server(_ server: RedisServer.Options) throws -> RedisServer {
                var server = server
                server.tls = options.tls
                server.certificateFolder = certificates?.path
                if options.tls { server.config.insert("tls-replication yes", at: 0) }
                return try RedisServer(server)
            }
            let primary = try server(Self.server(options, replicaOf: nil))
            nodes =
                [primary]
                + (try (0..<options.replicas).map { _ in
                    try server(Self.server(options, replicaOf: primary))
                })
            let place = try options.network?.join()
            sentinels = try (0..<options.sentinels).map { _ in
                try server(Self.sentinel(options, at: place, primary: primary))
            }
        } catch {
            certificates?.remove()
            throw error
        }
        self.certificates = certificates
    }

    private static func server(
        _ options: Options, replicaOf primary: RedisServer?
    ) throws -> RedisServer.Options {
        var server = RedisServer.Options(tcp: true, password: options.password)
        server.place = try options.network?.join()
        server.config = ["replica-announce-ip \(server.host)", "repl-diskless-sync-delay 0"]
        if let primary { server.config.append("replicaof \(primary.host) \(options.port(of: primary))") }
        if let password = options.password { server.config.append("masterauth \(password)") }
        server.config += options.config
        return server
    }

    private static func sentinel(
        _ options: Options, at place: PrivateNetwork.Place?, primary: RedisServer
    ) -> RedisServer.Options {
        var server = RedisServer.Options(tcp: true, password: options.sentinelPassword)
        server.place = place
        server.sentinel = true
        server.config = [
            "sentinel announce-ip \(server.host)",
            "sentinel monitor \(name) \(primary.host) \(options.port(of: primary)) \(options.quorum)",
            "sentinel down-after-milliseconds \(name) \(options.downAfterMs)",
            "sentinel failover-timeout \(name) \(options.failoverTimeoutMs)",
            "sentinel parallel-syncs \(name) \(max(1, options.replicas))",
        ]
        if let password = options.password {
            server.config.append("sentinel auth-pass \(name) \(password)")
        }
        if let password = options.sentinelPassword {
            server.config.append("sentinel sentinel-pass \(password)")
        }
        // Sentinels look at servers every 10 s, connect again after 1 s, and do nothing for 30 s
        // once they were held up for 2: all that is too slow for a test. A replica is of use only
        // while what is known of it is no older than 5 pings, and while the primary is down it is
        // renewed once a second: pings must not be closer.
        server.firstCommands = [
            [
                "SENTINEL", "DEBUG", "INFO-PERIOD", "500", "ASK-PERIOD", "100", "PING-PERIOD", "250",
                "PUBLISH-PERIOD", "\(publishPeriodMs)", "TILT-PERIOD", "500",
            ]
        ]
        return server
    }

    /// How often sentinels greet each other, once they have met. A replica that says for four of
    /// these that it is primary is made a replica again by those who do not know of its promotion,
    /// which takes longer than a second.
    private static let publishPeriodMs = 500

    private func publish(everyMs period: Int) throws {
        for sentinel in sentinels {
            try sentinel.command("SENTINEL", "DEBUG", "PUBLISH-PERIOD", "\(period)")
        }
    }

    /// The sentinels that run and are not held up.
    public var sentinelsGoingOn: [RedisServer] { sentinels.filter(\.isGoingOn) }

    /// The data servers that run and are not held up, by their place in `nodes`.
    public var indicesGoingOn: [Int] { nodes.indices.filter { nodes[$0].isGoingOn } }

    // MARK: Roles

    /// The primary's port, as the first sentinel that goes on has it.
    public func currentPrimaryPort() throws -> Int {
        guard let sentinel = sentinelsGoingOn.first else { throw TestServerError("no sentinel goes on") }
        return try Self.primaryPort(by: sentinel)
    }

    /// The primary, as the first sentinel that goes on has it.
    public func primary() throws -> Int {
        let port = try currentPrimaryPort()
        guard let index = nodes.firstIndex(where: { options.port(of: $0) == port }) else {
            throw TestServerError("no node has port \(port)")
        }
        return index
    }

    /// The primary, as that sentinel has it.
    public func primary(by sentinel: RedisServer) throws -> RedisServer? {
        let port = try Self.primaryPort(by: sentinel)
        return nodes.first { $0.port == port }
    }

    /// All nodes but the primary.
    public func replicas() throws -> [Int] {
        let primary = try primary()
        return nodes.indices.filter { $0 != primary }
    }

    /// Has the sentinels put a replica in the primary's place, and waits until all know.
    /// - Returns: the new primary.
    @discardableResult
    public func failover() async throws -> Int {
        let former = try primary()
        guard let sentinel = sentinelsGoingOn.first else { throw TestServerError("no sentinel goes on") }
        try sentinel.command("SENTINEL", "FAILOVER", Self.name)
        return try await untilReplaced(former)
    }

    /// Waits until all sentinels name a node other than `former`, and the replicas that go on have
    /// its data.
    /// - Returns: that node.
    @discardableResult
    public func untilReplaced(_ former: Int) async throws -> Int {
        try await eventually("node \(former) is replaced", within: .seconds(20), pause: Self.pause) {
            try sentinelsGoingOn.allSatisfy {
                try Self.primaryPort(by: $0) != options.port(of: nodes[former])
            }
        }
        try await untilReady()
        return try primary()
    }

    static func primaryPort(by sentinel: RedisServer) throws -> Int {
        let answer = try sentinel.command("SENTINEL", "GET-MASTER-ADDR-BY-NAME", name)
        guard let port = answer.split(separator: "\n").last.flatMap({ Int($0) }) else {
            throw TestServerError("a sentinel names no primary: \(answer)")
        }
        return port
    }
}
