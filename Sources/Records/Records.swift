// What Stint keeps in Redis beside the ledger, as one value to hand around.

public import Redis

/// The records of one Stint installation. Cheap to copy; every process that shares the Redis sees
/// the same.
public struct Records: Sendable {
    let redis: RedisClient
    let keys: RecordKeys

    public init(redis: RedisClient, keys: RecordKeys) {
        self.redis = redis
        self.keys = keys
    }
}
