// The control plane's connection to Redis as a service. It opens when the embedded Redis answers
// (or its time is over), lasts while the admin API needs it, and closes before that Redis stops.

import Redis
import ServiceLifecycle

struct ControlLink: Service {
    let client: RedisClient
    /// Nil if Redis is not embedded.
    let embedded: EmbeddedRedis?

    func run() async throws {
        if let embedded {
            _ = await cancelWhenGracefulShutdown {
                await embedded.ready.wait(within: RunnerService.redisTimeout)
            }
        }
        try await client.start()
        try await gracefulShutdown()
        try await client.close()
    }
}
