// What `stint doctor` prints, as values: every server with what it reports, and the findings. With
// `--format json` these are the names. What a server does not report, or its user may not read, is
// left out.

import Redis

/// A Redis as `stint serve` would use it.
package struct Examination: Sendable, Encodable {
    package enum Topology: String, Sendable, Encodable {
        case single, cluster, sentinel
    }

    /// Without its password.
    package let url: String
    package let topology: Topology
    /// Whether Stint can serve with it: no finding is an error.
    package let isFit: Bool
    /// The primaries, then the replicas.
    package let servers: [ExaminedServer]
    /// Each sentinel of the URL.
    package let sentinels: [ExaminedSentinel]
    /// The errors, then the warnings, then the rest.
    package let findings: [Finding]

    init(
        _ url: RedisURL, servers: [ExaminedServer], sentinels: [ExaminedSentinel], findings: [Finding]
    ) {
        self.url = "\(url)"
        topology =
            switch url.deployment {
            case .single: .single
            case .cluster: .cluster
            case .sentinel: .sentinel
            }
        self.servers = servers
        self.sentinels = sentinels
        let order: [Finding.Level] = [.error, .warning, .ok]
        self.findings = order.flatMap { level in findings.filter { $0.level == level } }
        isFit = !findings.contains { $0.level == .error }
    }
}

/// A server that has keys.
package struct ExaminedServer: Sendable, Equatable, Encodable {
    package enum Role: String, Sendable, Encodable {
        case primary, replica
    }

    package let address: String
    package let role: Role
    /// Such as `Redis 7.0.15` or `Valkey 9.1.2`.
    package var program: String?
    /// How many of a cluster's 16,384 slots it has.
    package var slots: Int?
    /// The replicas that are connected to a primary.
    package var replicas: Int?
    /// The longest time since one of them was heard of, in s.
    package var replicaLagS: Int?
    package var memoryUsedBytes: Int?
    /// 0: no bound is set.
    package var maxmemoryBytes: Int?
    package var maxmemoryPolicy: String?
    /// Whether it appends what it writes to a file.
    package var appendonly: Bool?
    /// When it forces that file to the disk: `everysec`, `always` or `no`.
    package var appendfsync: String?
    /// When it writes a dump; empty: never.
    package var save: String?
    /// Of 100 `PING`, or of those that fitted into a second.
    package var roundTripMedianMs: Double?
    package var roundTripWorstMs: Double?
    /// How far its clock is ahead of this machine's, in ms; behind: negative.
    package var clockAheadMs: Int?

    init(_ address: String, _ role: Role) {
        self.address = address
        self.role = role
    }

    /// Takes over what `INFO` reports.
    mutating func read(_ info: ServerInfo) {
        program = info.program
        memoryUsedBytes = info.memory?.used
        maxmemoryBytes = info.number("maxmemory")
        maxmemoryPolicy = info.evictionPolicy
        appendonly = info["aof_enabled"].map { $0 == "1" }
    }
}

/// A sentinel of the URL.
package struct ExaminedSentinel: Sendable, Equatable, Encodable {
    package let address: String
    /// The primary that it names.
    package let primary: String?
    /// Why it names none.
    package let failure: String?
    /// How many sentinels must find the primary down before it is replaced.
    package let quorum: Int?
    /// How many sentinels know of each other.
    package let sentinels: Int?
    /// After how long without an answer it finds the primary down, in ms.
    package let downAfterMs: Int?

    init(_ sentinel: ServerSurvey.Sentinel) {
        address = "\(sentinel.address)"
        primary = sentinel.primary.map { "\($0)" }
        failure = sentinel.failure
        quorum = sentinel.quorum
        sentinels = sentinel.sentinelCount
        downAfterMs = sentinel.downAfterMs
    }
}
