// Everything that can be set, with its default, and the one table that tells the command line, the
// environment, the settings file, `--help` and docs/OPERATIONS.md about it. Read once, at start.

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
    /// That of ``redisURLFile``, if that is set.
    var redisURL: RedisURL?
    var redisURLFile: String?
    var redisConnectDeadlineMs = 90
    var redisCommandDeadlineMs = 75
    var redisMaximumInFlight = 10_000
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
    /// What a person should hear although the settings can be used.
    var warnings: [String] = []

    package static let table: [Setting] = [
        Setting("runner.address", \.runnerAddress, "where runners ask; port 0 takes a free one"),
        Setting(
            "runner.socket", \.runner.socketPath,
            bound: "a path of at most \(UnixSocketPath.maximumBytes) bytes",
            "a Unix socket where runners ask as well", where: { $0.utf8.count <= UnixSocketPath.maximumBytes }
        ),
        Setting(
            "runner.maximumConnections", \.runner.maximumConnections,
            RunnerSettings.Bounds.maximumConnections,
            "runners' connections open at once; one more takes the place of an idle one, or is refused"),
        Setting(
            "runner.idleTimeoutMs", \.runner.idleTimeout, RunnerSettings.Bounds.idleTimeout,
            "ms after which a connection without a request is closed"),
        Setting(
            "runner.headerTimeoutMs", \.runner.headerTimeout, RunnerSettings.Bounds.headerTimeout,
            "ms within which a request that has begun must be complete"),
        Setting(
            "runner.maximumHeaderBytes", \.runner.maximumHeaderBytes,
            RunnerSettings.Bounds.maximumHeaderBytes,
            "bytes of a request's headers; more is answered 431"),
        Setting(
            "runner.maximumBodyBytes", \.runner.maximumBodyBytes, RunnerSettings.Bounds.maximumBodyBytes,
            "bytes of a request's body; more is answered 413"),
        Setting(
            "runner.rateLimitTime", \.runner.rateLimitTime,
            "adds execution time to the RateLimit fields, in the unit \"execution-ms\""),
        Setting("admin.address", \.adminAddress, "where people and monitors ask; port 0 takes a free one"),
        Setting(
            "security.tokens", \.securityTokens, bound: "a file that only its owner may write",
            "whose requests are answered; read again on SIGHUP. Without it both addresses must be on loopback"
        ),
        Setting(
            "security.plaintext", \.securityPlaintext,
            "lets an address beyond loopback do without TLS; tokens can then be read on the way"),
        Setting(
            "tls.certificate", \.tlsCertificate, bound: "a PEM file",
            "the certificate of both addresses, with its chain; turns TLS on; read again on SIGHUP"),
        Setting(
            "tls.key", \.tlsKey, bound: "a PEM file", "the key of that certificate; read again on SIGHUP"),
        Setting(
            "tls.clientRoots", \.tlsClientRoots, bound: "a PEM file",
            "clients must show a certificate that one of these has signed; read again on SIGHUP"),
        Setting("ledger", \.ledger, "where charges are kept; memory forgets them at exit and is not shared"),
        Setting(
            "redis.url", \.redisURL, "a Redis of your own; without it Stint starts one and keeps it running"),
        Setting(
            "redis.urlFile", \.redisURLFile, bound: "a file",
            "the same URL in a file: a password in a flag can be seen in the list of processes"),
        Setting(
            "redis.connectDeadlineMs", \.redisConnectDeadlineMs, 1...10_000,
            "ms within which a connection to Redis must stand"),
        Setting(
            "redis.commandDeadlineMs", \.redisCommandDeadlineMs, 1...10_000,
            "ms within which Redis must answer"),
        Setting(
            "redis.maximumInFlight", \.redisMaximumInFlight, 1...1_000_000,
            "commands that wait for one Redis connection's answers; more are answered 503"),
        Setting(
            "redis.trustRoots", \.redisTrustRoots, bound: "a PEM file",
            "certificates to trust for rediss:// instead of the system's"),
        Setting(
            "redis.keyPrefix", \.redisKeyPrefix, bound: "1 to 64 bytes of A-Z a-z 0-9 . _ : -",
            "what every key begins with", where: { LedgerKeys(prefix: $0) != nil }),
        Setting(
            "data.dir", \.dataDirectory, bound: "a directory", completing: .directory,
            "where the Redis that Stint starts keeps its data; made with mode 0700", where: { _ in true }),
        Setting(
            "data.appendfsync", \.dataAppendFsync,
            "when that Redis forces its log to the disk; always loses no charge when the machine does"),
        Setting(
            "plans", \.plans, bound: "a YAML file",
            "plans to import instead of the built-in one; read again on SIGHUP"),
        Setting("eventLoops", \.eventLoops, 1...64, "threads that serve runners"),
        Setting(
            "drain.deadlineMs", \.drainDeadlineMs, 0...600_000,
            "ms that SIGTERM leaves to requests under way"),
        Setting(
            "accounts.maximumNewPerHour", \.accountsMaximumNewPerHour, 0...1_000_000_000,
            "accounts that may become known through this process within an hour; more are answered 503; 0 takes any number"
        ),
        Setting(
            "executionLog.maximumRows", \.executionLogMaximumRows, 0...10_000_000,
            "rows that the log of an account's executions keeps, about; 0 keeps no log"
        ).formerly("log.maxRows"),
        Setting(
            "rollups.kept", \.rollupsKept,
            "counts what accounts and functions do, per minute for 48 hours and per hour for 90 days"),
        Setting("log.level", \.logLevel, "what is logged; nothing per request above debug"),
    ]
}

extension Settings {
    /// What `stint serve --help` says before the table.
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
