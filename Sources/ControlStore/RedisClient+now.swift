// Redis' clock, which all processes share.

import Accounting
import Redis

extension RedisClient {
    var now: Timestamp {
        get async throws(RedisError) { Timestamp(ms: try await serverTimeMs) }
    }
}
