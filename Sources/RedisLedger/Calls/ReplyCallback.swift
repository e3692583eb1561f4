// Receives the reply to a command that is not a call of the ledger's script.

import Redis

/// Passes one reply to a closure.
final class ReplyCallback: ReplySink {
    private let run: (Result<RedisReply, RedisFailure>) -> Void

    init(_ run: @escaping (Result<RedisReply, RedisFailure>) -> Void) { self.run = run }

    func receive(_ reply: Result<RedisReply, RedisFailure>) { run(reply) }
}
