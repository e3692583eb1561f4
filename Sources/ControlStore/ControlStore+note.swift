// The audit log for changes that are not of plans, which write theirs in the script that makes
// them.

public import Redis

extension ControlStore {
    /// Writes to the audit log who changes what. Written before the change, so that no change goes
    /// unlogged.
    /// - Parameters:
    ///   - before: JSON; nil when there is nothing.
    ///   - after: the same.
    public func note(
        _ what: String, by who: String, before: String? = nil, after: String? = nil
    ) async throws(RedisError) {
        var row = ["XADD", keys.changes, "MAXLEN", "~", "10000", "*", "who", who, "what", what]
        if let before { row += ["before", before] }
        if let after { row += ["after", after] }
        _ = try await redis.call(row)
    }
}
