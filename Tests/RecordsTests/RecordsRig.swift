// Records on a real Redis of one test's own.

import Accounting
import Logging
import Metrics
import NIOPosix
import Records
import Redis
import TestServers
import Testing

/// A server, and a Stint's connection to it.
struct RecordsRig: Sendable {
    let server: RedisServer
    let client: RedisClient
    let records: Records
    var plans: PlanStore { records.plans }

    static func with<Result>(
        isolation: isolated (any Actor)? = #isolation, _ body: (RecordsRig) async throws -> Result
    ) async throws -> Result {
        try await RedisServer.withServer { server in
            let rig = try await RecordsRig(server)
            do {
                let result = try await body(rig)
                try await rig.client.close()
                return result
            } catch {
                try await rig.client.close()
                throw error
            }
        }
    }

    private init(_ server: RedisServer) async throws {
        self.server = server
        var settings = RedisSettings(url: try RedisURL(server.url))
        settings.connectDeadline = .seconds(5)
        settings.commandDeadline = .seconds(5)
        settings.maximumReplyBytes = 64 << 20
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        let client = try await RedisClient.start(
            on: MultiThreadedEventLoopGroup.singleton.next(), settings: settings, logger: logger,
            metrics: NOOPMetricsHandler.instance)
        self.client = client
        records = Records(redis: client, keys: RecordKeys(prefix: "stint:"))
        try await eventually("the client is ready") { try await client.isReady }
    }

    static func plan(_ name: String, executions: Int = 10) throws -> Plan {
        try Plan(
            name: name,
            limits: [Limit(name: "executions", meter: .executions, amount: executions, windowMs: 60_000)])
    }

    static func imported(_ plans: Plan..., standard: String, text: String = "text") throws -> PlanImport {
        PlanImport(file: "plans.yaml", text: text, book: try PlanBook(plans: plans, standard: standard))
    }

    /// What is in force now.
    func reading(after previous: KeptPlans.Reading? = nil) async throws -> KeptPlans.Reading {
        let kept = try await plans.read()
        let before = try previous ?? KeptPlans.Reading(PlanBook.builtIn())
        return try kept.reading(at: kept.now, after: before)
    }
}

extension PlanOutcome {
    var revision: Int? {
        if case .done(let revision, _) = self { revision } else { nil }
    }
}
