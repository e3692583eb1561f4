// The control plane's connection to Redis as a service: stands while the admin API may need it, closed before the
// embedded Redis stops.

import Redis
import ServiceLifecycle

struct RecordsLink: Service {
    let client: RedisClient

    func run() async throws {
        try await gracefulShutdown()
        try await client.close()
    }
}
