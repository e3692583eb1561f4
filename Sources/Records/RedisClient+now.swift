// Redis' clock, which all processes share.

import Accounting
import Redis

extension RedisClient {
    var now: Timestamp {
        get async throws(RedisError) {
            let time = try await call(["TIME"]).elements
            guard time.count == 2 else { throw .unexpected("TIME has two parts") }
            return Timestamp(ms: try time[0].integer * 1_000 + time[1].integer / 1_000)
        }
    }
}
