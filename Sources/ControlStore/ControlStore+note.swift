// The audit log of changes other than plans. The script that changes a plan writes the log itself.

public import Redis

extension ControlStore {
    /// Writes who changes what to the audit log. Written before the change, so that no change goes
    /// unlogged.
    /// - Parameters:
    ///   - what: a verb and its object, such as `put override acme`.
    ///   - who: the name of the token.
    ///   - before: JSON; nil if there was nothing.
    ///   - after: JSON; nil if there is nothing afterwards.
    public func note(
        _ what: String, by who: String, before: String? = nil, after: String? = nil
    ) async throws(RedisError) {
        var row = ["XADD", keys.changes, "MAXLEN", "~", "10000", "*", "who", who, "what", what]
        if let before { row += ["before", before] }
        if let after { row += ["after", after] }
        _ = try await redis.call(row)
    }
}
