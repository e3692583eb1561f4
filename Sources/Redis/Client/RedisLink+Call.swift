// One command as one future: for readiness probes, administration and tests. The request path
// passes its own sinks.

public import NIOCore

extension RedisLink {
    /// Sends one command with text arguments; not for the request path. Fails with `RedisFailure`.
    public func call(_ arguments: [String]) -> EventLoopFuture<RedisReply> {
        let promise = eventLoop.makePromise(of: RedisReply.self)
        send(argumentCount: arguments.count, to: PromiseSink(promise: promise)) { writer in
            for argument in arguments { writer.append(argument) }
        }
        return promise.futureResult
    }
}

extension RedisLink {
    /// Lets the next command reach a key that is just moving to this node of a cluster.
    public func sendAsking() {
        send(argumentCount: 1, to: IgnoringSink()) { $0.append("ASKING") }
    }
}

private final class IgnoringSink: ReplySink {
    func receive(_ reply: Result<RedisReply, RedisFailure>) {}
}

private final class PromiseSink: ReplySink {
    private let promise: EventLoopPromise<RedisReply>

    init(promise: EventLoopPromise<RedisReply>) { self.promise = promise }

    func receive(_ reply: Result<RedisReply, RedisFailure>) {
        promise.completeWith(reply.mapError { $0 })
    }
}
