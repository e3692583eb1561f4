// What a server can answer, what can go wrong instead, and who is told.

public import NIOCore

/// One RESP2 reply.
public enum RedisReply: Equatable, Sendable {
    /// `+OK`. Bytes that are not UTF-8 are replaced.
    case status(String)
    /// `-ERR ...`, an ordinary reply: the first word says of which kind.
    case error(String)
    case integer(Int)
    /// A byte string; often a slice of the bytes read from the socket, so do not keep it for long.
    case bulk(ByteBuffer)
    case null
    case array([RedisReply])
}

/// Why a command has no reply. The text is for people.
public enum RedisFailure: Error, Sendable, Equatable {
    /// The server has not seen the command: it is safe to send again.
    case notSent(String)
    /// The command was handed to the socket and may or may not have run.
    case lost(String)
}

/// Who waits for the reply of one command.
public protocol ReplySink: AnyObject {
    /// Called exactly once for every `RedisLink.send`, on the link's loop; for a command that is
    /// refused, from inside `send` itself. It may send again, but not at once what was just
    /// refused.
    func receive(_ reply: Result<RedisReply, RedisFailure>)
}
