// Who gets the reply of a command.

/// Who waits for the reply of one command.
public protocol ReplySink: AnyObject {
    /// Called exactly once for every `RedisLink.send`, on the link's loop; for a command that is
    /// refused, from inside `send` itself. It may send again, but not at once what was just
    /// refused.
    func receive(_ reply: Result<RedisReply, RedisFailure>)
}
