// The composition root: the one place that turns settings into plans, a ledger, two servers and a
// group of services. Only here are a real clock, real random numbers and a real log named. Nothing
// else constructs.

import Accounting
import AdminAPI
import ControlStore
import Foundation
import Glibc
import Logging
import Metrics
import NIOCore
import NIOPosix
import Prometheus
import Randomness
import Redis
import RedisLedger
import RunnerAPI
import ServiceLifecycle
import UnixSignals
import WireFormat

package enum Assembly {
    /// The time that everything else has to stop after the drain. Then it is cut off.
    static let stopTimeout: Duration = .seconds(15)
    /// How long the process waits at its end until the last lines of the log are read.
    private static let logTimeout: DispatchTimeInterval = .milliseconds(500)

    /// Builds everything and runs it until SIGTERM or SIGINT.
    /// - Throws: an error to show to a person; the process then exits with a status other than 0.
    package static func run(_ settings: Settings) async throws {
        // A log without a reader and a runner that is gone must not end the service.
        signal(SIGPIPE, SIG_IGN)
        let log = LogWriter(to: STDERR_FILENO)
        defer { log.drain(within: Self.logTimeout) }
        let logger = logger(level: settings.logLevel, to: log)
        for warning in settings.warnings { logger.warning("\(warning)") }
        let metrics = metrics(logger)
        let planSource = PlanSource(path: settings.plans)
        let imported = try planSource.imported()
        let security = try Security(settings)
        let group = MultiThreadedEventLoopGroup(numberOfThreads: settings.eventLoops)
        let budget = try DescriptorBudget(settings, logger)
        let accepting = acceptLimits(budget, logger, metrics)
        let redis = try await embeddedRedis(settings, logger)
        let redisSettings = try redisSettings(settings, embedded: redis)
        let newAccounts = try newAccounts(settings)
        let ledgers = try ledgers(settings, redisSettings, newAccounts, logger, metrics)
        let wakes = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        let client = try await controlClient(redisSettings, logger, metrics) { wakes.continuation.yield() }
        let controlStore = client.map {
            ControlStore(redis: $0, keys: ControlKeys(prefix: settings.redisKeyPrefix))
        }

        let degraded = DegradedLedger(clock: steadyClock())
        let runner = RunnerServer(
            settings: runnerSettings(settings, budget), group: group, plans: imported.book,
            makeLedger: { ledgers.make(on: $0) }, degraded: degraded, random: { random() },
            logger: logger, metrics: metrics, tokens: security.book,
            secure: security.tls.map { $0.secure }, guardListener: accepting.runner.guardListener)
        let ledgerWatch = LedgerWatch(ledgers: ledgers, runner: runner, logger: logger)
        let watch = controlStore.map {
            PlanWatch(store: $0.plans, source: imported, runner: runner, wakes: wakes, logger: logger)
        }
        let adminPort = AsyncStream.makeStream(of: Int.self, bufferingPolicy: .bufferingNewest(1))
        let admin = AdminServer(
            host: settings.adminAddress.host, port: settings.adminAddress.port,
            controlPlane: ControlPlane(
                metrics: metrics, readiness: { await ledgerWatch.readiness() }, controlStore: controlStore,
                ledger: try client.map { try ledgerAccess(settings, $0, ledgers) },
                newAccounts: newAccounts, clock: { clock() }, planBook: { runner.plans },
                plansChanged: { await watch?.reload() }),
            security: security.admin, bounds: AdminBounds(allConnections: budget.adminConnections),
            guardListener: accepting.admin.guardListener,
            listening: { adminPort.continuation.yield($0) }, logger: logger)

        // They stop from the last to the first, so the ledger outlives the requests that need it.
        let processes = controlStore.map { processService($0.processes, runner, metrics) }
        var services = redisServices(redis, client, watch, processes, metrics)
        services += rollups(of: controlStore, runner, settings, metrics, logger)
        services.append(ledgerWatch)
        services.append(AdminService(server: admin, address: settings.adminAddress))
        let debts = DebtService(degraded, runner: runner, metrics: metrics, logger: logger)
        services.append(debts)
        services.append(reload(planSource, imported, runner, watch, security, logger))
        services.append(
            RunnerService(
                server: runner, ledgers: ledgers, ledgerWatch: ledgerWatch, embedded: redis, client: client,
                adminPort: adminPort.stream, settings: settings, watch: watch, security: security,
                debts: debts, processes: processes, logger: logger))

        try await serve(services, settings, logger)
    }

    /// Runs the services until SIGTERM or SIGINT, or until one of them fails.
    private static func serve(
        _ services: [any Service], _ settings: Settings, _ logger: Logger
    ) async throws {
        var configuration = ServiceGroupConfiguration(
            services: services.map {
                .init(service: $0, failureTerminationBehavior: .gracefullyShutdownGroup)
            },
            logger: quiet(logger))
        configuration.gracefulShutdownSignals = [.sigterm, .sigint]
        configuration.maximumGracefulShutdownDuration =
            .milliseconds(settings.drainDeadlineMs) + Self.stopTimeout
        try await ServiceGroup(configuration: configuration).run()
        logger.info("stint stopped")
    }

    // MARK: Parts

    private static func logger(level: Logger.Level, to log: LogWriter) -> Logger {
        var logger = Logger(label: "stint") { StreamLogHandler(label: $0, stream: LogLines(log: log)) }
        logger.logLevel = level
        return logger
    }

    /// The logger of libraries: their `info` is Stint's `debug`.
    private static func quiet(_ logger: Logger) -> Logger {
        var quiet = logger
        if quiet.logLevel == .info { quiet.logLevel = .notice }
        return quiet
    }

    private static func random() -> Xoshiro256 {
        var system = SystemRandomNumberGenerator()
        return Xoshiro256(seededBy: &system)
    }

    private static func redisServices(
        _ redis: EmbeddedRedis?, _ client: RedisClient?, _ watch: PlanWatch?, _ processes: ProcessService?,
        _ metrics: PrometheusMetrics
    ) -> [any Service] {
        let services: [(any Service)?] = [
            redis, client.map { ControlLink(client: $0, embedded: redis) }, watch,
            client.map { RedisMemory(client: $0, metrics: metrics) }, processes,
        ]
        return services.compactMap(\.self)
    }

    private static func reload(
        _ source: PlanSource, _ imported: PlanImport, _ runner: RunnerServer, _ watch: PlanWatch?,
        _ security: Security, _ logger: Logger
    ) -> Reload {
        let plans = PlanReload(source: source, runner: runner, watch: watch, logger: logger)
        plans.warn(of: imported.book)
        return Reload(
            plans: plans, security: SecurityReload(security: security, runner: runner, logger: logger))
    }

    private static func processService(
        _ processes: Processes, _ runner: RunnerServer, _ metrics: PrometheusMetrics
    ) -> ProcessService {
        var random = random()
        let id = "\(ProcessInfo.processInfo.processIdentifier)-\(random.next())"
        return ProcessService(processes, id: id, runner: runner, metrics: metrics)
    }

    private static func rollups(
        of controlStore: ControlStore?, _ runner: RunnerServer, _ settings: Settings,
        _ metrics: PrometheusMetrics,
        _ logger: Logger
    ) -> [any Service] {
        guard let controlStore, settings.rollupsKept else { return [] }
        let writer = RollupWriter(controlStore.rollups, metrics: metrics)
        return [RollupService(writer: writer, runner: runner, logger: logger)]
    }

    private static func acceptLimits(
        _ budget: DescriptorBudget, _ logger: Logger, _ metrics: PrometheusMetrics
    ) -> (runner: AcceptLimit, admin: AcceptLimit) {
        (
            AcceptLimit(
                api: "runner", maximum: budget.runnerConnections + DescriptorBudget.beyond,
                metrics: metrics, logger: logger),
            AcceptLimit(
                api: "admin", maximum: budget.adminConnections + DescriptorBudget.beyond,
                metrics: metrics, logger: logger)
        )
    }

    private static func embeddedRedis(_ settings: Settings, _ logger: Logger) async throws -> EmbeddedRedis? {
        guard settings.ledger == .redis, settings.redisURL == nil else { return nil }
        let environment = ProcessInfo.processInfo.environment
        let redis = try EmbeddedRedis(
            directory: DataDirectory(path: settings.dataDirectory), appendFsync: settings.dataAppendFsync,
            searchPath: environment["PATH"] ?? "", environment: environment, logger: logger)
        try await redis.endLeftovers()
        return redis
    }

    /// Nil when the ledger is in memory.
    static func redisSettings(
        _ settings: Settings, embedded: EmbeddedRedis?
    ) throws -> RedisSettings? {
        guard settings.ledger == .redis else { return nil }
        var redis = RedisSettings(url: try settings.redisURL ?? embeddedURL(embedded))
        redis.connectDeadline = .milliseconds(settings.redisConnectDeadlineMs)
        redis.commandDeadline = .milliseconds(settings.redisCommandDeadlineMs)
        redis.silenceLimit = .milliseconds(settings.redisSilenceMs)
        redis.maximumInFlight = settings.redisMaximumInFlight
        redis.acknowledgingReplicas = settings.redisAcknowledgingReplicas
        redis.trustRootsFile = settings.redisTrustRoots
        redis.sentinelUser = settings.redisSentinelUser
        redis.sentinelPassword = settings.redisSentinelPassword
        return redis
    }

    /// This process's clock at its start, going on without steps.
    private static func steadyClock() -> @Sendable () -> Timestamp {
        let (start, began) = (clock(), ContinuousClock.now)
        return { start + Int(began.duration(to: .now) / .milliseconds(1)) }
    }

    /// This process's clock.
    private static func clock() -> Timestamp { Timestamp(ms: Int(Date().timeIntervalSince1970 * 1_000)) }

    /// Nil: any number of new accounts may come.
    private static func newAccounts(_ settings: Settings) throws -> NewAccounts? {
        let maximum = settings.accountsMaximumNewPerHour
        if maximum == 0 { return nil }
        return try NewAccounts(maximumPerHour: maximum) {
            Timestamp(ms: Int(NIODeadline.now().uptimeNanoseconds / 1_000_000))
        }
    }

    static func ledgers(
        _ settings: Settings, _ redis: RedisSettings?, _ newAccounts: NewAccounts?, _ logger: Logger,
        _ metrics: PrometheusMetrics
    ) throws -> Ledgers {
        let news = LedgerNews(logger: logger)
        guard let redis else {
            return Ledgers(
                memory: MemoryLedger { clock() }, news: news)
        }
        let keys = try ledgerKeys(settings)
        return Ledgers(url: redis.url, news: news) { eventLoop in
            RedisLedger(
                eventLoop: eventLoop, redis: redis, keys: keys, logger: logger, metrics: metrics,
                logRows: settings.executionLogMaximumRows, newAccounts: newAccounts, events: news.events)
        }
    }

    /// How the control plane looks into the ledger.
    private static func ledgerAccess(
        _ settings: Settings, _ client: RedisClient, _ ledgers: Ledgers
    ) throws -> LedgerAccess {
        let inspector = AccountInspector(
            redis: client, keys: try ledgerKeys(settings), logRows: settings.executionLogMaximumRows)
        return LedgerAccess(
            standing: { try await ledgers.standing(of: $0, under: $1) },
            holds: { try await inspector.holds(of: $0, maximum: $1) },
            cells: { try await inspector.cells(of: $0, under: $1) },
            forget: { try await inspector.forget($0, under: $1) })
    }

    private static func ledgerKeys(_ settings: Settings) throws -> LedgerKeys {
        guard let keys = LedgerKeys(prefix: settings.redisKeyPrefix) else {
            throw StartError(
                description: "redis.keyPrefix: invalid: '\(settings.redisKeyPrefix)'. "
                    + "Type for example: --redis-key-prefix stint:")
        }
        return keys
    }

    /// The control plane waits longer for Redis than a runner does, and reads more at once.
    static func controlClient(
        _ redis: RedisSettings?, _ logger: Logger, _ metrics: PrometheusMetrics,
        onReady: @escaping @Sendable () -> Void
    ) async throws -> RedisClient? {
        guard var redis else { return nil }
        redis.commandDeadline = max(redis.commandDeadline, .seconds(2))
        redis.maximumReplyBytes = 64 << 20
        return try await .make(
            on: MultiThreadedEventLoopGroup.singleton.next(), settings: redis, logger: logger,
            metrics: metrics, onReady: onReady)
    }

    private static func embeddedURL(_ embedded: EmbeddedRedis?) throws -> RedisURL {
        guard let path = embedded?.socketPath.addingPercentEncoding(withAllowedCharacters: .urlPathAllowed)
        else {
            throw StartError.noRedis
        }
        return try RedisURL("unix://" + path)
    }

    private static func runnerSettings(_ settings: Settings, _ budget: DescriptorBudget) -> RunnerSettings {
        var runner = settings.runner
        runner.address = .init(host: settings.runnerAddress.host, port: settings.runnerAddress.port)
        runner.maximumConnections = budget.runnerConnections
        runner.countsActivity = settings.rollupsKept && settings.ledger == .redis
        return runner
    }

    private static func metrics(_ logger: Logger) -> PrometheusMetrics {
        let metrics = PrometheusMetrics(MetricDescriptions.all, logger: logger)
        Gauge(label: "stint_build_info", dimensions: [("version", Version.text)], factory: metrics).record(1)
        return metrics
    }
}
