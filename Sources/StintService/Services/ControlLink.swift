// The control plane's connection to Redis as a service: begins when the embedded Redis answers (or
// has had its time), stands while the admin API may need it, and is closed before that Redis stops.

import Redis
import ServiceLifecycle

struct ControlLink: Service {
    let client: RedisClient
    /// Nil for a Redis that is somebody else's.
    let embedded: EmbeddedRedis?

    func run() async throws {
        if let embedded {
            _ = await cancelWhenGracefulShutdown {
                await embedded.ready.wait(within: RunnerService.redisPatience)
            }
        }
        try await client.start()
        try await gracefulShutdown()
        try await client.close()
    }
}
