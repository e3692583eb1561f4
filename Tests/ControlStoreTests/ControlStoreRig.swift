// Records on a real Redis that belongs to one test.

import Accounting
import ControlStore
import Logging
import Metrics
import NIOPosix
import Redis
import TestServers
import Testing

/// A server, and the records on it as one or more Stint processes see them, each through a
/// connection of its own.
struct ControlStoreRig: Sendable {
    let server: RedisServer
    let client: RedisClient
    let processes: [ControlStore]
    private let clients: [RedisClient]
    var controlStore: ControlStore { processes[0] }
    var plans: PlanStore { controlStore.plans }

    static func with<Result>(
        processes: Int = 1, isolation: isolated (any Actor)? = #isolation,
        _ body: (ControlStoreRig) async throws -> Result
    ) async throws -> Result {
        try await RedisServer.withServer { server in
            let rig = try await ControlStoreRig(server, processes: processes)
            do {
                let result = try await body(rig)
                try await rig.close()
                return result
            } catch {
                try await rig.close()
                throw error
            }
        }
    }

    private init(_ server: RedisServer, processes: Int) async throws {
        self.server = server
        var settings = RedisSettings(url: try RedisURL(server.url))
        settings.connectDeadline = .seconds(10)
        settings.commandDeadline = .seconds(20)
        settings.maximumReplyBytes = 64 << 20
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        var clients: [RedisClient] = []
        for _ in 0..<processes {
            let client = try await RedisClient.make(
                on: MultiThreadedEventLoopGroup.singleton.next(), settings: settings, logger: logger,
                metrics: NOOPMetricsHandler.instance)
            try await client.start()
            try await eventually("the client is ready") { try await client.isReady }
            clients.append(client)
        }
        self.clients = clients
        client = clients[0]
        self.processes = clients.map { ControlStore(redis: $0, keys: ControlKeys(prefix: "stint:")) }
    }

    private func close() async throws {
        for client in clients { try await client.close() }
    }

    static func plan(_ name: String, executions: Int = 10) throws -> Plan {
        try Plan(
            name: name,
            limits: [Limit(name: "executions", meter: .executions, amount: executions, windowMs: 60_000)])
    }

    static func imported(_ plans: Plan..., default name: String, text: String = "text") throws -> PlanImport {
        PlanImport(file: "plans.yaml", text: text, book: try PlanBook(plans: plans, default: name))
    }

    /// What is in force now.
    func reading(after previous: StoredPlans.Reading? = nil) async throws -> StoredPlans.Reading {
        let kept = try await plans.read()
        let before = try previous ?? StoredPlans.Reading(PlanBook.builtIn())
        return try kept.reading(at: kept.now, after: before)
    }
}

extension PlanOutcome {
    var revision: Int? {
        if case .done(let revision, _) = self { revision } else { nil }
    }
}
