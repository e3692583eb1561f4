// The composition of `stint doctor`: the connections of a service, without the service.

import Foundation
import Logging
import NIOCore
import NIOPosix
import Prometheus
import Redis
import RedisLedger

extension Assembly {
    /// Looks at the Redis of these settings, as a service of these settings would use it. Ends
    /// within seconds, whatever the servers do.
    /// - Throws: ``StartError`` when the settings name no Redis.
    package static func examine(_ settings: Settings) async throws -> Examination {
        // The findings say it all.
        let logger = Logger(label: "stint") { _ in SwiftLogNoOpLogHandler() }
        let metrics = PrometheusMetrics(logger: logger)
        guard settings.hasOwnRedis, let redis = try redisSettings(settings, embedded: nil),
            let client = try await controlClient(redis, logger, metrics, onReady: {})
        else { throw StartError.noRedis }
        let ledgers = try ledgers(settings, redis, nil, logger, metrics)
        let eventLoop = MultiThreadedEventLoopGroup.singleton.next()
        _ = try await eventLoop.submit { _ = ledgers.make(on: eventLoop) }.get()
        let doctor = Doctor(
            settings: redis, client: client, ledgers: ledgers, eventLoop: eventLoop,
            clockMs: { Int(Date().timeIntervalSince1970 * 1_000) })
        let examination = try await doctor.examine()
        try await client.close()
        try await ledgers.close()
        return examination
    }
}
