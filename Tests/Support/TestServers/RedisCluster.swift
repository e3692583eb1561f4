// A real Redis Cluster of one test's own on loopback: primaries that share the 16,384 slots, and
// replicas of each. It is killed and its directories removed when the test is over, whatever
// happens. A primary refuses commands for its first 2 s, so no cluster is ready sooner.

import Glibc

/// A private Redis Cluster. `RedisCluster.withCluster { cluster in ... }` is the way to have one.
public final class RedisCluster: Sendable {
    /// What the cluster should be like.
    public struct Options: Sendable {
        public var primaries = 3
        /// How many replicas each primary has.
        public var replicas = 0
        /// After how long without an answer a node takes another for failed.
        public var nodeTimeoutMs = 500
        /// Whether all nodes refuse commands while a slot has no primary.
        public var requiresFullCoverage = true
        /// The default user's password on every node, also between them.
        public var password: String?
        /// Redirections and CLUSTER SLOTS name `localhost` in place of 127.0.0.1.
        public var announcesHostname = false
        /// Nodes listen with TLS too, and use it between them.
        public var tls = false
        /// The network on which each node has a place; nil: all are on the machine's loopback.
        public var network: PrivateNetwork?
        /// More lines of each redis.conf.
        public var config: [String] = []

        public init(primaries: Int = 3, replicas: Int = 0) {
            self.primaries = primaries
            self.replicas = replicas
        }

        /// Changes what `change` changes.
        public func with(_ change: (inout Options) -> Void) -> Options {
            var options = self
            change(&options)
            return options
        }
    }

    public static let slotCount = 16_384

    public let options: Options
    /// First the primaries, in the order of their slots. Then the replicas: those at the places
    /// `primaries`, `primaries + 1` and so on belong to primary 0, primary 1 and so on, and over
    /// again.
    public let nodes: [RedisServer]
    let busPorts: [Int]
    private let certificates: TemporaryDirectory?

    /// `redis://` and each node's address, in the order of `nodes`; with `tls` `rediss://`. The
    /// password is not in it.
    public var urls: [String] {
        nodes.indices.map { "\(options.tls ? "rediss" : "redis")://\(host(of: $0)):\(port(of: $0))" }
    }

    /// The PEM file of the certificate to trust, with `tls`.
    public var certificateFile: String { nodes[0].certificateFile }

    /// Starts a cluster, gives it to `body` once every node takes commands, and removes it
    /// afterwards.
    public static func withCluster<Result>(
        _ options: Options = Options(), isolation: isolated (any Actor)? = #isolation,
        _ body: (RedisCluster) async throws -> Result
    ) async throws -> Result {
        let cluster = try RedisCluster(options)
        defer { cluster.stop() }
        try await cluster.form()
        return try await body(cluster)
    }

    private init(_ options: Options) throws {
        self.options = options
        let count = options.primaries * (1 + options.replicas)
        // Before 7.0 the bus has its place: 10,000 above the port.
        let ports = try (0..<count).map { _ in try RedisProgram.isAtLeast(7) ? 0 : freePort(below: 22_768) }
        let busPorts = try ports.map { $0 == 0 ? try freePort() : $0 + 10_000 }
        let certificates = options.tls ? try TemporaryDirectory() : nil
        do {
            if let certificates { try RedisServer.makeCertificate(in: certificates) }
            nodes = try zip(ports, busPorts).map { port, busPort in
                var server = RedisServer.Options(tcp: true, tls: options.tls, password: options.password)
                if port != 0 { server.port = port }
                server.certificateFolder = certificates?.path
                server.place = try options.network?.join()
                server.config = Self.configuration(options, host: server.host, busPort: busPort)
                return try RedisServer(server)
            }
        } catch {
            certificates?.remove()
            throw error
        }
        self.busPorts = busPorts
        self.certificates = certificates
    }

    private static func configuration(_ options: Options, host: String, busPort: Int) -> [String] {
        var lines = [
            "cluster-enabled yes", "cluster-announce-ip \(host)",
            "cluster-node-timeout \(options.nodeTimeoutMs)",
            "cluster-require-full-coverage \(options.requiresFullCoverage ? "yes" : "no")",
            // Replicas stay where the test put them, and may be elected however old their data is.
            "cluster-allow-replica-migration no", "cluster-replica-validity-factor 0",
            "repl-diskless-sync-delay 0",
        ]
        if RedisProgram.isAtLeast(7) { lines.append("cluster-port \(busPort)") }
        if let password = options.password { lines.append("masterauth \(password)") }
        if options.announcesHostname {
            lines += ["cluster-announce-hostname localhost", "cluster-preferred-endpoint-type hostname"]
        }
        if options.tls { lines += ["tls-cluster yes", "tls-replication yes"] }
        return lines + options.config
    }

    private func stop() {
        for node in nodes { node.stop() }
        certificates?.remove()
    }

    // MARK: Nodes

    /// What other nodes and clients connect to.
    public func host(of index: Int) -> String {
        options.announcesHostname ? "localhost" : nodes[index].host
    }

    /// The port that clients and other nodes use.
    public func port(of index: Int) -> Int {
        options.tls ? nodes[index].tlsPort : nodes[index].port
    }

    /// The node with that port, as redirections name it.
    public func index(ofPort port: Int) -> Int? {
        nodes.indices.first { self.port(of: $0) == port }
    }

    /// One command on a connection of its own, as `RedisServer` sends it.
    @discardableResult
    public func command(_ arguments: String..., on index: Int) throws -> String {
        try nodes[index].command(arguments)
    }

    /// The nodes that run and are not held up.
    public var indicesGoingOn: [Int] { nodes.indices.filter { nodes[$0].isGoingOn } }

    /// The cluster as a node sees it.
    func view(of index: Int) throws -> ClusterView {
        try ClusterView(nodes[index].command("CLUSTER", "NODES"))
    }

    func id(of index: Int) throws -> String { try nodes[index].command("CLUSTER", "MYID") }
}
