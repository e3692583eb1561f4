// Everything that Stint keeps in Redis besides the ledger, as one value.

public import Redis

/// The records of one Stint installation. Cheap to copy. Every process that shares the Redis sees
/// the same.
public struct ControlStore: Sendable {
    let redis: RedisClient
    let keys: ControlKeys

    public init(redis: RedisClient, keys: ControlKeys) {
        self.redis = redis
        self.keys = keys
    }
}
