// Sends each command to the server that has its key, and follows redirections. One future per
// command.

import NIOCore

/// Sends commands of text arguments by their keys. To be used on the event loop.
struct RoutedCalls {
    /// Commands without a key, which any server may get.
    private static let keyless: Set<String> = ["TIME", "SCRIPT", "PING", "INFO"]

    let topology: Topology
    let eventLoop: any EventLoop

    /// Fails with ``RedisFailure``.
    func call(_ arguments: [String]) -> EventLoopFuture<RedisReply> { call(arguments, retries: 0) }

    private func call(_ arguments: [String], retries: Int) -> EventLoopFuture<RedisReply> {
        switch topology.link(forKey: Self.key(of: arguments)) {
        case .failure(let failure): eventLoop.makeFailedFuture(failure)
        case .success(let link): call(arguments, over: link, asking: false, retries: retries)
        }
    }

    private func call(
        _ arguments: [String], over link: RedisLink, asking: Bool, retries: Int
    ) -> EventLoopFuture<RedisReply> {
        if asking { link.sendAsking() }
        let reply = link.call(arguments)
        return reply.assumeIsolated().flatMap { reply in
            guard case .error(let text) = reply,
                let retry = topology.retry(after: ErrorReply(text), from: link, retries: retries)
            else { return eventLoop.makeSucceededFuture(reply) }
            switch retry {
            case .now(let link, let asking):
                return call(arguments, over: link, asking: asking, retries: retries + 1)
            case .later(let pause):
                return eventLoop.assumeIsolated().scheduleTask(in: pause) {
                    call(arguments, retries: retries + 1)
                }.futureResult.flatMap { $0 }
            }
        }.nonisolated()
    }

    private static func key(of arguments: [String]) -> String? {
        guard let name = arguments.first, !keyless.contains(name) else { return nil }
        let place = name == "EVAL" || name == "EVALSHA" ? 3 : 1
        return arguments.count > place ? arguments[place] : nil
    }
}
