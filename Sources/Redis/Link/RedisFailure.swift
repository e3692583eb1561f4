// The failure of a command without a reply.

/// Why a command has no reply. The text is for people.
public enum RedisFailure: Error, Sendable, Equatable {
    /// The server has not got the command: it is safe to send again.
    case notSent(String)
    /// The command was handed to the socket and may or may not have run.
    case lost(String)
}
