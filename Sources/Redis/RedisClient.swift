// A link for everything that is not the hot path: commands and scripts as async functions, from any task.
// The control plane has one for the whole process.

public import Logging
public import Metrics
public import NIOCore

/// An answer that is no value: what a caller of ``RedisClient`` catches.
public enum RedisError: Error, Equatable, Sendable {
    /// There is no reply, and whether the command ran is what the failure says.
    case failed(RedisFailure)
    /// The server's own error; its first word is its code.
    case refused(String)
    /// A reply of another type than the command's.
    case unexpected(String)
}

/// One self-healing link, usable from everywhere. Replies come in the order of the calls of one task.
public struct RedisClient: Sendable {
    private let eventLoop: any EventLoop
    private let link: NIOLoopBound<RedisLink>

    /// Makes a link on `eventLoop` that does nothing until ``start()``.
    /// - Parameter onReady: runs on the loop each time the link is ready.
    public static func make(
        on eventLoop: any EventLoop, settings: RedisSettings, logger: Logger, metrics: any MetricsFactory,
        onReady: @escaping @Sendable () -> Void = {}
    ) async throws -> RedisClient {
        try await eventLoop.submit {
            let link = RedisLink(eventLoop: eventLoop, settings: settings, logger: logger, metrics: metrics) {
                _ in onReady()
            }
            return RedisClient(eventLoop: eventLoop, link: NIOLoopBound(link, eventLoop: eventLoop))
        }.get()
    }

    private init(eventLoop: any EventLoop, link: NIOLoopBound<RedisLink>) {
        self.eventLoop = eventLoop
        self.link = link
    }

    /// Begins to connect, and keeps at it until ``close()``.
    public func start() async throws {
        try await eventLoop.submit { link.value.start() }.get()
    }

    /// Lets the connection go; what waits is answered with a failure.
    public func close() async throws {
        try await eventLoop.flatSubmit { link.value.close() }.get()
    }

    /// Whether commands are taken now.
    public var isReady: Bool {
        get async throws { try await eventLoop.submit { link.value.isReady }.get() }
    }

    /// Sends one command. A reply that is an error is thrown.
    public func call(_ arguments: [String]) async throws(RedisError) -> RedisReply {
        let reply: RedisReply
        do {
            reply = try await eventLoop.flatSubmit { link.value.call(arguments) }.get()
        } catch let failure as RedisFailure {
            throw .failed(failure)
        } catch {
            throw .failed(.notSent("\(error)"))
        }
        if case .error(let text) = reply { throw .refused(text) }
        return reply
    }

    /// Runs a script by its digest; loads it first where the server does not know it.
    public func run(
        _ script: RedisScript, keys: [String], arguments: [String]
    ) async throws(RedisError) -> RedisReply {
        let rest = [String(keys.count)] + keys + arguments
        if let digest = script.knownDigest {
            do throws(RedisError) {
                return try await call(["EVALSHA", digest] + rest)
            } catch {
                guard case .refused(let text) = error, text.hasPrefix("NOSCRIPT") else { throw error }
            }
        }
        script.knownDigest = try await call(["SCRIPT", "LOAD", script.text]).text
        return try await call(["EVAL", script.text] + rest)
    }
}
