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
    public func announce(_ id: String) async throws(RedisError) {
        let now = try await redis.now
        _ = try await redis.call(["HSET", key, id, String(now.ms)])
        _ = try await redis.call(["PEXPIRE", key, String(Self.lifeMs)])
        let gone = try await seen().filter { now - $0.value > Self.lifeMs }
        if !gone.isEmpty { _ = try await redis.call(["HDEL", key] + gone.keys.sorted()) }
    }

    /// Says that a process ends.
    public func withdraw(_ id: String) async throws(RedisError) {
        _ = try await redis.call(["HDEL", key, id])
    }

    /// The number of processes.
    public func count() async throws(RedisError) -> Int {
        let now = try await redis.now
        return try await seen().values.count { now - $0 <= Self.lifeMs }
    }

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
