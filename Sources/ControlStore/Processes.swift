// Which Stint processes share this Redis. Each says every few seconds that it is there; one that
// has not for a while counts no more.

import Accounting
public import Redis

/// The processes of one installation.
public struct Processes: Sendable {
    /// How often a process says that it is there.
    public static let interval: Duration = .seconds(10)
    /// For how long it counts afterwards, in ms.
    static let lifeMs = 35_000

    private let redis: RedisClient
    private let key: String

    init(redis: RedisClient, keys: ControlKeys) {
        self.redis = redis
        key = keys.processes
    }

    /// Says that a process is there.
    /// - Parameter id: names the process, differently from any other.
    /// - Returns: the number of processes, this one included.
    public func announce(_ id: String) async throws(RedisError) -> Int {
        let now = try await redis.now
        _ = try await redis.call(["HSET", key, id, String(now.ms)])
        _ = try await redis.call(["PEXPIRE", key, String(Self.lifeMs)])
        let seen = try await seen()
        let gone = seen.filter { !Self.isThere($0.value, at: now) }
        if !gone.isEmpty { _ = try await redis.call(["HDEL", key] + gone.keys.sorted()) }
        return seen.count - gone.count
    }

    /// Says that a process ends.
    public func withdraw(_ id: String) async throws(RedisError) {
        _ = try await redis.call(["HDEL", key, id])
    }

    /// The number of processes.
    public func count() async throws(RedisError) -> Int {
        let now = try await redis.now
        return try await seen().values.count { Self.isThere($0, at: now) }
    }

    /// The clock of Redis may have been set back meanwhile.
    private static func isThere(_ seen: Timestamp, at now: Timestamp) -> Bool { abs(now - seen) <= lifeMs }

    private func seen() async throws(RedisError) -> [String: Timestamp] {
        var seen: [String: Timestamp] = [:]
        for (id, at) in try await redis.call(["HGETALL", key]).pairs {
            seen[try id.text] = Timestamp(ms: Int(try at.text) ?? 0)
        }
        return seen
    }
}

extension ControlStore {
    /// The processes that share this Redis.
    public var processes: Processes { Processes(redis: redis, keys: keys) }
}
