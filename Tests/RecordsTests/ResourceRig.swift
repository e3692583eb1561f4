// The records of a test's own Redis, as one or more processes see them: each client has a link of its own.

import Logging
import Metrics
import NIOCore
import NIOPosix
import Records
import Redis
import TestServers

enum ResourceRig {
    /// Gives `body` the records as seen by so many processes.
    static func withRecords(
        seenBy processes: Int = 1, isolation: isolated (any Actor)? = #isolation,
        _ body: ([Records], RedisServer) async throws -> Void
    ) async throws {
        try await RedisServer.withServer { server in
            var settings = RedisSettings(url: try RedisURL(server.url))
            settings.commandDeadline = .seconds(20)
            settings.connectDeadline = .seconds(10)
            var clients: [RedisClient] = []
            for _ in 0..<processes {
                let client = try await RedisClient.start(
                    on: MultiThreadedEventLoopGroup.singleton.next(), settings: settings,
                    logger: Logger(label: "records", factory: { _ in SwiftLogNoOpLogHandler() }),
                    metrics: NOOPMetricsHandler.instance)
                try await eventually("the link is ready") { try await client.isReady }
                clients.append(client)
            }
            let records = clients.map { Records(redis: $0, keys: RecordKeys(prefix: "stint:")) }
            do {
                try await body(records, server)
            } catch {
                for client in clients { try await client.close() }
                throw error
            }
            for client in clients { try await client.close() }
        }
    }
}
