// What Stint keeps in Redis beside the ledger, as one value to hand around.

public import Redis

/// The records of one Stint installation. Cheap to copy; every process that shares the Redis sees
/// the same.
public struct ControlStore: Sendable {
    let redis: RedisClient
    let keys: ControlKeys

    public init(redis: RedisClient, keys: ControlKeys) {
        self.redis = redis
        self.keys = keys
    }
}
