// The runner API as a service: opens when the embedded Redis answers (or has had its time), says once what
// was started, and drains at the end.

import AdminAPI
import Logging
import NIOCore
import RunnerAPI
import ServiceLifecycle

struct RunnerService: Service {
    /// How long the embedded Redis may take to read its log before runners are let in all the same.
    static let redisPatience: Duration = .seconds(10)
    /// How long the ledger may take to connect before the start is announced without it.
    static let ledgerPatience: Duration = .seconds(2)

    let server: RunnerServer
    let ledgers: Ledgers
    let embedded: EmbeddedRedis?
    /// Tells the admin API's port once that one listens.
    let adminPort: AsyncStream<Int>
    let settings: Settings
    /// The name of the standard plan, for the log.
    let plan: String
    let security: Security
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
                await RedisPing.waitForAnswer(at: embedded.socketPath, within: Self.redisPatience)
            }
            if !answers { logger.warning("the embedded Redis does not answer yet; starting without it") }
        }
        guard let adminPort, !Task.isShuttingDownGracefully else { return }
        do {
            try await server.start()
        } catch let error as RunnerError {
            throw StartError(description: Self.explanation(of: error))
        }
        await announce(adminPort: adminPort)
        try await gracefulShutdown()
        try await server.drain(deadline: .milliseconds(settings.drainDeadlineMs))
    }

    private static func explanation(of error: RunnerError) -> String {
        switch error {
        case .socketInUse, .notASocket: "runner.socket: \(error). Type: --runner-socket OTHER"
        case .cannotListen, .nowhereToListen, .outOfBound:
            "runner.address: \(error). Type for example: --runner-address 127.0.0.1:0, which takes a free port"
        }
    }

    private func announce(adminPort: Int) async {
        let deadline = ContinuousClock.now.advanced(by: Self.ledgerPatience)
        var readiness = await ledgers.readiness()
        while readiness != .ready, ContinuousClock.now < deadline, !Task.isShuttingDownGracefully {
            do { try await Task.sleep(for: .milliseconds(10)) } catch { break }
            readiness = await ledgers.readiness()
        }
        let runners = server.addresses.map { address in
            address.pathname ?? "\(Address(host: address.ipAddress ?? "", port: address.port ?? 0))"
        }
        var metadata: Logger.Metadata = [
            "runners": "\(runners.joined(separator: " "))",
            "admin": "\(Address(host: settings.adminAddress.host, port: adminPort))",
            "ledger": "\(ledgers.description)", "plan": "\(plan)",
        ]
        if case .notReady(let reason) = readiness { metadata["notReady"] = "\(reason)" }
        metadata.merge(security.metadata) { _, new in new }
        logger.info("stint serves", metadata: metadata)
    }
}
