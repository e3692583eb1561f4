// All settings with their defaults, and the one table from which the command line, the environment,
// the settings file, `--help` and docs/OPERATIONS.md are made. Read once, at start.

import Logging
import Redis
import RedisLedger
import RunnerAPI
import WireFormat

package struct Settings: Sendable, Equatable {
    enum LedgerChoice: String, CaseIterable, Sendable { case redis, memory }

    /// When the embedded Redis forces its log to the disk.
    enum AppendFsync: String, CaseIterable, Sendable { case everysec, always }

    var runnerAddress = Address(host: "127.0.0.1", port: 7400)
    /// All else of the runner API, as it is set; ``runnerAddress`` takes the place of its address.
    var runner = RunnerSettings()
    var securityTokens: String?
    var securityPlaintext = false
    package var tlsCertificate: String?
    var tlsKey: String?
    var tlsClientRoots: String?
    package var adminAddress = Address(host: "127.0.0.1", port: 7401)
    var ledger = LedgerChoice.redis
    /// The URL in ``redisURLFile``, if that is set.
    var redisURL: RedisURL?
    var redisURLFile: String?
    var redisSentinelUser: String?
    /// The text of ``redisSentinelPasswordFile``, if that is set.
    var redisSentinelPassword: String?
    var redisSentinelPasswordFile: String?
    var redisConnectDeadlineMs = 90
    var redisCommandDeadlineMs = 250
    var redisSilenceMs = 1_000
    var redisMaximumInFlight = 10_000
    var redisAcknowledgingReplicas = 0
    var redisTrustRoots: String?
    var redisKeyPrefix = "stint:"
    var dataDirectory = "./stint-data"
    var dataAppendFsync = AppendFsync.everysec
    var plans: String?
    var eventLoops = 2
    var drainDeadlineMs = 10_000
    var logLevel = Logger.Level.info
    var accountsMaximumNewPerHour = 100_000
    var executionLogMaximumRows = 100_000
    var rollupsKept = true
    /// Warnings about settings that are valid.
    var warnings: [String] = []

    /// Whether the ledger is in a Redis that Stint does not start itself.
    package var hasOwnRedis: Bool { ledger == .redis && redisURL != nil }

    package static let table: [Setting] = [
        Setting("runner.address", \.runnerAddress, "the runner API's address; port 0 takes a free port"),
        Setting(
            "runner.socket", \.runner.socketPath,
            bound: "a path of at most \(UnixSocketPath.maximumBytes) bytes",
            "a Unix socket for the runner API, besides its address",
            where: { $0.utf8.count <= UnixSocketPath.maximumBytes }
        ),
        Setting(
            "runner.maximumConnections", \.runner.maximumConnections,
            RunnerSettings.Bounds.maximumConnections,
            "open connections of runners; one more closes an idle one, or gets 503 if none is idle"),
        Setting(
            "runner.idleTimeoutMs", \.runner.idleTimeout, RunnerSettings.Bounds.idleTimeout,
            "ms after which a connection without a request is closed"),
        Setting(
            "runner.headerTimeoutMs", \.runner.headerTimeout, RunnerSettings.Bounds.headerTimeout,
            "ms from the first byte of a request to its last; then it gets 408"),
        Setting(
            "runner.maximumHeaderBytes", \.runner.maximumHeaderBytes,
            RunnerSettings.Bounds.maximumHeaderBytes,
            "bytes of a request's header; a longer one gets 431"),
        Setting(
            "runner.maximumBodyBytes", \.runner.maximumBodyBytes, RunnerSettings.Bounds.maximumBodyBytes,
            "bytes of a request's body; a longer one gets 413"),
        Setting(
            "runner.rateLimitTime", \.runner.rateLimitTime,
            "adds the limits of execution time to the RateLimit fields, in the unit \"execution-ms\""),
        Setting("admin.address", \.adminAddress, "the admin API's address; port 0 takes a free port"),
        Setting(
            "security.tokens", \.securityTokens, bound: "a file that only its owner may write",
            "the tokens that requests need; read again on SIGHUP. Without it both addresses must be on loopback"
        ),
        Setting(
            "security.plaintext", \.securityPlaintext,
            "allows an address beyond loopback without TLS; the network can then read the tokens"),
        Setting(
            "tls.certificate", \.tlsCertificate, bound: "a PEM file",
            "the certificate of both addresses, then its chain; turns TLS on; read again on SIGHUP"),
        Setting(
            "tls.key", \.tlsKey, bound: "a PEM file", "the key of that certificate; read again on SIGHUP"),
        Setting(
            "tls.clientRoots", \.tlsClientRoots, bound: "a PEM file",
            "root certificates: each client needs a certificate signed by one; read again on SIGHUP"),
        Setting("ledger", \.ledger, "where charges are kept; memory loses them at exit and is not shared"),
        Setting(
            "redis.url", \.redisURL, "your Redis; without it Stint starts an embedded one"),
        Setting(
            "redis.urlFile", \.redisURLFile, bound: "a file",
            "a file with that URL: a flag's password is visible in the list of processes"),
        Setting(
            "redis.sentinelUser", \.redisSentinelUser, bound: "a name",
            "your user on the sentinels, if they have users"),
        Setting(
            "redis.sentinelPasswordFile", \.redisSentinelPasswordFile, bound: "a file",
            "a file with your password on the sentinels; without it they are asked without one"),
        Setting(
            "redis.connectDeadlineMs", \.redisConnectDeadlineMs, 1...10_000,
            "ms for opening a connection to Redis"),
        Setting(
            "redis.commandDeadlineMs", \.redisCommandDeadlineMs, 1...10_000,
            "ms for Redis to answer a command"),
        Setting(
            "redis.silenceMs", \.redisSilenceMs, 100...60_000,
            "ms without any answer of Redis that end a connection; at least twice redis.commandDeadlineMs"),
        Setting(
            "redis.acknowledgingReplicas", \.redisAcknowledgingReplicas, 0...5,
            "replicas that must have a charge before its answer counts; with fewer it is 503, unknown outcome"
        ),
        Setting(
            "redis.maximumInFlight", \.redisMaximumInFlight, 1...1_000_000,
            "commands in flight per Redis connection; requests beyond that get 503"),
        Setting(
            "redis.trustRoots", \.redisTrustRoots, bound: "a PEM file",
            "certificates to trust for rediss:// instead of the system's"),
        Setting(
            "redis.keyPrefix", \.redisKeyPrefix, bound: "1 to 64 bytes of A-Z a-z 0-9 . _ : -",
            "the prefix of every key in Redis", where: { LedgerKeys(prefix: $0) != nil }),
        Setting(
            "data.dir", \.dataDirectory, bound: "a directory", completing: .directory,
            "the embedded Redis' data; created with mode 0700 if missing", where: { _ in true }),
        Setting(
            "data.appendfsync", \.dataAppendFsync,
            "when the embedded Redis syncs its log to disk; with always a power loss loses no charge"),
        Setting(
            "plans", \.plans, bound: "a YAML file",
            "plans to import instead of the built-in one; read again on SIGHUP"),
        Setting("eventLoops", \.eventLoops, 1...64, "threads that serve runners"),
        Setting(
            "drain.deadlineMs", \.drainDeadlineMs, 0...600_000,
            "ms for requests in progress to finish after SIGTERM"),
        Setting(
            "accounts.maximumNewPerHour", \.accountsMaximumNewPerHour, 0...1_000_000_000,
            "new accounts per hour and process; further new ones get 503; 0 allows any number"
        ),
        Setting(
            "executionLog.maximumRows", \.executionLogMaximumRows, 0...10_000_000,
            "approximate rows in each account's execution log; 0 turns the log off"
        ).formerly("log.maxRows"),
        Setting(
            "rollups.kept", \.rollupsKept,
            "keeps usage of accounts and functions, per minute for 48 hours and per hour for 90 days"),
        Setting("log.level", \.logLevel, "the lowest level to log; nothing per request above debug"),
    ]
}

extension Settings {
    /// The text before the table in `stint serve --help`.
    package static let precedence =
        "Settings come from flags, then from environment variables (STINT_REDIS_URL for --redis-url), "
        + "then from the YAML file that --config or STINT_CONFIG names (redis.url), then from the defaults."

    /// The table for docs/OPERATIONS.md.
    static var markdown: String {
        let rows = table.map { setting in
            let fallback = setting.fallback.isEmpty ? "–" : "`\(setting.fallback)`"
            return "| `\(setting.name)` | `\(setting.flag)` | `\(setting.variable)` | \(fallback) "
                + "| \(setting.bound) | \(setting.help) |"
        }
        return """
            | in the file | flag | variable | default | bound | what it does |
            | --- | --- | --- | --- | --- | --- |
            \(rows.joined(separator: "\n"))
            """
    }
}
