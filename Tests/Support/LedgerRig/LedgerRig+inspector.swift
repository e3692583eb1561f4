// The account ledgers of a Redis, as the control plane reads them.

public import Accounting
import Logging
import Metrics
import NIOPosix
public import Redis
public import RedisLedger
public import TestServers
import Testing

extension LedgerRig {
    /// Gives `body` what looks into the account ledgers on the Redis at `url`, and the client that
    /// it uses.
    public static func withInspector(
        on url: String, prefix: String = "", logRows: Int = 0,
        _ body: (AccountInspector, RedisClient) async throws -> Void
    ) async throws {
        var settings = RedisSettings(url: try RedisURL(url))
        settings.commandDeadline = .seconds(20)
        let client = try await RedisClient.make(
            on: MultiThreadedEventLoopGroup.singleton.next(), settings: settings,
            logger: Logger(label: "inspector", factory: { _ in SwiftLogNoOpLogHandler() }),
            metrics: NOOPMetricsHandler.instance)
        try await client.start()
        do {
            try await eventually("the client is ready") { try await client.isReady }
            let keys = try #require(LedgerKeys(prefix: prefix))
            try await body(AccountInspector(redis: client, keys: keys, logRows: logRows), client)
        } catch {
            try await client.close()
            throw error
        }
        try await client.close()
    }

    /// Gives `body` what looks into the account ledgers that are made in
    /// ``withServer(clock:logRows:_:)``.
    public static func withInspector(
        on server: RedisServer, _ body: (AccountInspector) async throws -> Void
    ) async throws {
        try await withInspector(on: server.url, prefix: "stint:", logRows: 1_000) { inspector, _ in
            try await body(inspector)
        }
    }

    /// Gives `body` what forgets charges of an account, which is under a plan, at an instant.
    public static func withForgetting(
        on url: String, _ body: ((Account, Plan, Timestamp) async throws -> Void) async throws -> Void
    ) async throws {
        try await withInspector(on: url) { inspector, _ in
            try await body { account, plan, clock in
                try await inspector.forget(account, under: plan, at: clock)
            }
        }
    }
}
