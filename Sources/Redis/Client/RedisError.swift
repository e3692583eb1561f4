// What a caller of the client catches.

/// An answer that is no value: what a caller of ``RedisClient`` catches.
public enum RedisError: Error, Equatable, Sendable {
    /// There is no reply, and whether the command ran is what the failure says.
    case failed(RedisFailure)
    /// The server's own error; its first word is its code.
    case refused(String)
    /// A reply of another type than the command's.
    case unexpected(String)
}
