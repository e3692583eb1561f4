// The error of a command sent with `RedisClient`.

/// The error of a command sent with ``RedisClient``.
public enum RedisError: Error, Equatable, Sendable {
    /// There is no reply. The failure says whether the command may have run.
    case failed(RedisFailure)
    /// The server replied with an error; its first word is the code.
    case refused(String)
    /// A reply of another type than the command's.
    case unexpected(String)
}
