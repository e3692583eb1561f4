// The receiver of a command's reply.

/// Receives the reply to one command.
public protocol ReplySink: AnyObject {
    /// Called exactly once for every `RedisLink.send`, on the link's loop; for a refused command
    /// from inside `send`. It may send commands, but must not at once repeat one that was just
    /// refused.
    func receive(_ reply: Result<RedisReply, RedisFailure>)
}
