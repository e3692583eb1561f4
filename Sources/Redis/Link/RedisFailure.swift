// The failure of a command without a reply.

/// Why a command has no reply. The text is for people.
public enum RedisFailure: Error, Sendable, Equatable {
    /// The server has not got the command: it is safe to send again.
    case notSent(String)
    /// The connection ended before the reply came: the command may or may not have run.
    case lost(String)
    /// The reply did not come within the deadline: the command may have run, or may still run.
    case late(String)
}
