// The two ways in which Redis replaces a failed primary, behind one face: a primary with two
// replicas and three sentinels, and a cluster of three primaries with a replica each.

import Redis
import SeededChance
import TestServers
import Testing

/// Servers of which one is struck after the other; after each time they are as many as before, in
/// other roles.
enum FailoverRig {
    case sentinels(RedisSentinels)
    case cluster(RedisCluster)

    enum Kind: String, Sendable, CaseIterable, CustomTestStringConvertible {
        case sentinel = "Sentinel"
        case cluster = "Cluster"

        var testDescription: String { rawValue }

        /// How many replicas may have to acknowledge. With the last number a charge is on every
        /// server that can be elected.
        var levels: [Int] {
            switch self {
            case .sentinel: Proof.isAsked ? [0, 1, 2] : [0, 2]
            case .cluster: [0, 1]
            }
        }
    }

    /// - Parameters:
    ///   - network: where the servers are, nil: all on loopback.
    ///   - config: more lines of each redis.conf.
    static func with(
        _ kind: Kind, on network: PrivateNetwork? = nil, config: [String] = [],
        _ body: (FailoverRig) async throws -> Void
    ) async throws {
        switch kind {
        case .sentinel:
            let options = RedisSentinels.Options().with {
                $0.network = network
                $0.config = config
            }
            try await RedisSentinels.withSentinels(options) { try await body(.sentinels($0)) }
        case .cluster:
            let options = RedisCluster.Options(primaries: 3, replicas: 1).with {
                $0.network = network
                $0.config = config
                $0.requiresFullCoverage = false
            }
            try await RedisCluster.withCluster(options) { try await body(.cluster($0)) }
        }
    }

    var kind: Kind {
        switch self {
        case .sentinels: .sentinel
        case .cluster: .cluster
        }
    }

    /// What Stint is started with.
    var url: String {
        switch self {
        case .sentinels(let rig):
            let hosts = rig.sentinels.map { "\($0.host):\($0.port)" }.joined(separator: ",")
            return "redis+sentinel://\(hosts)/\(RedisSentinels.name)"
        case .cluster(let rig):
            return "redis+cluster://" + rig.nodes.map { "\($0.host):\($0.port)" }.joined(separator: ",") + "/"
        }
    }

    var nodes: [RedisServer] {
        switch self {
        case .sentinels(let rig): rig.nodes
        case .cluster(let rig): rig.nodes
        }
    }

    // MARK: Shards

    /// How many primaries share the accounts.
    var shards: Int {
        switch self {
        case .sentinels: 1
        case .cluster: 3
        }
    }

    /// An account of a shard, whose name begins with `name`.
    func account(_ name: String, shard: Int) -> String {
        for number in 0... {
            let account = "\(name)\(number)"
            let slot = KeySlot.of(tag: account.utf8)
            if (0..<shards).last(where: { $0 * RedisCluster.slotCount / shards <= slot }) == shard {
                return account
            }
        }
        return name
    }

    /// The server that decides about an account.
    func primary(of account: String) throws -> RedisServer {
        switch self {
        case .sentinels(let rig): rig.nodes[try rig.primary()]
        case .cluster(let rig): rig.nodes[try rig.primary(ofSlot: KeySlot.of(tag: account.utf8))]
        }
    }

    /// The server that says that it decides about an account in the place of another one; nil: none
    /// does yet.
    func successor(of former: RedisServer, for account: String) throws -> RedisServer? {
        let slot = KeySlot.of(tag: account.utf8)
        return try nodes.first { node in
            guard node !== former, node.isGoingOn else { return false }
            switch self {
            case .sentinels: return try node.command("ROLE").hasPrefix("master")
            case .cluster(let rig): return try rig.serves(slot, node)
            }
        }
    }

    /// Whether clients are told of it: by a sentinel, which has then seen that it is primary; in a
    /// cluster by itself.
    func isNamed(_ server: RedisServer) throws -> Bool {
        switch self {
        case .sentinels(let rig): try rig.sentinels.contains { try rig.primary(by: $0) === server }
        case .cluster: true
        }
    }

    /// Waits until everybody agrees on who is what, and the replicas follow.
    func untilReady() async throws {
        switch self {
        case .sentinels(let rig): try await rig.untilReady(within: .seconds(60))
        case .cluster(let rig): try await rig.untilReady(within: .seconds(60))
        }
    }
}

extension RedisServer {
    /// How many replicas follow it now.
    var replicasOnline: Int {
        get throws { try command("INFO", "replication").split(separator: "state=online").count - 1 }
    }
}
