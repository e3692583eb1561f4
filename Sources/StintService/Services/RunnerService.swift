// The runner API as a service. It opens when the embedded Redis answers (or its time is over), logs
// once what was started, and drains at the end.

import Accounting
import AdminAPI
import Logging
import NIOCore
import Redis
import RunnerAPI
import ServiceLifecycle
import WireFormat

struct RunnerService: Service {
    /// The time for the embedded Redis to read its log. Then the runner API opens without it.
    static let redisTimeout: Duration = .seconds(10)
    /// The time to read the plans in Redis. Then the runner API opens with those of the file (or
    /// the built-in one).
    static let plansTimeout: Duration = .seconds(3)
    /// The time for the ledger to connect. Then the start is logged without it.
    static let ledgerTimeout: Duration = .seconds(2)

    let server: RunnerServer
    let ledgers: Ledgers
    let ledgerWatch: LedgerWatch
    let embedded: EmbeddedRedis?
    /// The control plane's connection; nil without Redis.
    let client: RedisClient?
    /// Has the admin API's port as soon as that API listens.
    let adminPort: AsyncStream<Int>
    let settings: Settings
    /// Nil without Redis: then only SIGHUP changes the plans.
    let watch: PlanWatch?
    let security: Security
    let debts: DebtService
    /// Nil without Redis.
    let processes: ProcessService?
    let logger: Logger

    func run() async throws {
        do {
            try await serve()
        } catch {
            try await ledgers.close()
            throw error
        }
        try await ledgers.close()
    }

    private func serve() async throws {
        let adminPort = await cancelWhenGracefulShutdown { await self.adminPort.first { _ in true } }
        if let embedded {
            let answers = await cancelWhenGracefulShutdown {
                await embedded.ready.wait(within: Self.redisTimeout)
            }
            if !answers { logger.warning("the embedded Redis does not answer yet; starting without it") }
        }
        await waitForPlans()
        guard let adminPort, !Task.isShuttingDownGracefully else { return }
        do {
            try await server.start()
        } catch let error as RunnerError {
            throw StartError(description: Self.explanation(of: error))
        }
        await announce(adminPort: adminPort)
        try await gracefulShutdown()
        try await server.drain(deadline: .milliseconds(settings.drainDeadlineMs))
        try await debts.payRest()
    }

    /// Waits for the plans in Redis, because runners must not be served under others while Redis
    /// can be asked.
    private func waitForPlans() async {
        guard let watch else { return }
        let hasRead = await cancelWhenGracefulShutdown {
            await watch.firstReading.wait(within: Self.plansTimeout)
        }
        if hasRead || Task.isShuttingDownGracefully { return }
        logger.warning("cannot read the plans in Redis yet; starting with the plan file or the built-in plan")
    }

    private static func explanation(of error: RunnerError) -> String {
        switch error {
        case .socketInUse, .notASocket: "runner.socket: \(error). Type: --runner-socket OTHER"
        case .cannotListen, .nowhereToListen, .outOfBound:
            "runner.address: \(error). Type for example: --runner-address 127.0.0.1:0, which takes a free port"
        }
    }

    /// The version of the embedded Redis, as it reports it, and its program's file.
    private static func program(of embedded: EmbeddedRedis, by client: RedisClient?) async -> String {
        do {
            let reply = try await cancelWhenGracefulShutdown { try await client?.call(["INFO", "server"]) }
            guard let program = reply.flatMap({ ServerInfo($0) })?.program else { return embedded.binary }
            return "\(program) (\(embedded.binary))"
        } catch {
            // The probe says why it does not answer.
            return embedded.binary
        }
    }

    private func announce(adminPort: Int) async {
        var readiness = await ledgerWatch.readiness()
        if readiness != .ready {
            _ = await cancelWhenGracefulShutdown {
                await ledgerWatch.firstSuccess.wait(within: Self.ledgerTimeout)
            }
            readiness = await ledgerWatch.readiness()
        }
        await processes?.announce()
        let plan = server.plans.defaultPlan.name
        let runners = server.addresses.map { address in
            address.pathname ?? "\(Address(host: address.ipAddress ?? "", port: address.port ?? 0))"
        }
        var metadata: Logger.Metadata = [
            "version": "\(Version.text)",
            "runners": "\(runners.joined(separator: " "))",
            "admin": "\(Address(host: settings.adminAddress.host, port: adminPort))",
            "ledger": "\(ledgers.description)", "plan": "\(plan)",
        ]
        if let embedded { metadata["server"] = "\(await Self.program(of: embedded, by: client))" }
        if let processes, let bound = Self.overUse(of: server.plans, processes.knownCount) {
            metadata["overUse"] = "\(bound)"
        }
        if case .notReady(let reason) = readiness { metadata["notReady"] = "\(reason)" }
        metadata.merge(security.metadata) { _, new in new }
        logger.info("stint serves", metadata: metadata)
    }

    /// The most that accounts may be over by while the ledger cannot answer; nil if no plan admits
    /// a share then.
    private static func overUse(of plans: PlanBook, _ processes: Int) -> String? {
        let bounds = plans.plans.values.sorted { $0.name < $1.name }.compactMap { plan in
            plan.share?.overUse.map { "\(plan.name): \($0.text(processes: processes))" }
        }
        guard let first = bounds.first else { return nil }
        let others = bounds.count > 1 ? "; and \(bounds.count - 1) more plans" : ""
        return "\(first) without the ledger (processes known: \(processes))\(others)"
    }
}
