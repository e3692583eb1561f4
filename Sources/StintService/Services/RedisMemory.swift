// Asks Redis every 5 s how much memory it uses, for /metrics, over the control plane's connection.

import Metrics
import Redis
import ServiceLifecycle

struct RedisMemory: Service {
    static let interval: Duration = .seconds(5)

    private let client: RedisClient
    private let used: Meter
    private let limit: Meter

    /// - Parameters:
    ///   - client: the control plane's connection.
    ///   - metrics: gets `stint_redis_memory_used_bytes` and `stint_redis_memory_limit_bytes`.
    init(client: RedisClient, metrics: any MetricsFactory) {
        self.client = client
        used = Meter(label: "stint_redis_memory_used_bytes", factory: metrics)
        limit = Meter(label: "stint_redis_memory_limit_bytes", factory: metrics)
        used.set(0)
        limit.set(0)
    }

    func run() async throws {
        while !Task.isShuttingDownGracefully {
            // While Redis is unreachable the last values stay.
            if let found = await memory() {
                used.set(found.used)
                limit.set(found.limit)
            }
            await pause(until: .now + Self.interval)
        }
    }

    private func memory() async -> (used: Int, limit: Int)? {
        do throws(RedisError) {
            return ServerInfo(try await client.call(["INFO", "memory"]))?.memory
        } catch {
            return nil
        }
    }
}
