// Redis for everything but the request path: commands and scripts as async functions, from any
// task. The control plane has one for the whole process.

public import Logging
public import Metrics
public import NIOCore

/// Links to the servers of one URL, which reconnect by themselves and are usable from any task.
/// Replies of one server come in the order of the calls of one task.
public struct RedisClient: Sendable {
    let eventLoop: any EventLoop
    let topology: NIOLoopBound<Topology>

    /// Makes links on `eventLoop` that do nothing until ``start()``.
    /// - Parameter onReady: runs on the loop each time a link is ready.
    public static func make(
        on eventLoop: any EventLoop, settings: RedisSettings, logger: Logger, metrics: any MetricsFactory,
        onReady: @escaping @Sendable () -> Void = {}
    ) async throws -> RedisClient {
        try await eventLoop.submit {
            let topology = Topology(
                eventLoop: eventLoop, settings: settings, logger: logger, metrics: metrics,
                reportsServers: true
            ) { _ in onReady() }
            return RedisClient(
                eventLoop: eventLoop, topology: NIOLoopBound(topology, eventLoop: eventLoop))
        }.get()
    }

    private init(eventLoop: any EventLoop, topology: NIOLoopBound<Topology>) {
        self.eventLoop = eventLoop
        self.topology = topology
    }

    /// Starts to connect, and keeps connecting until ``close()``.
    public func start() async throws {
        try await eventLoop.submit { topology.value.start() }.get()
    }

    /// Closes the connection; waiting commands fail.
    public func close() async throws {
        try await eventLoop.flatSubmit { topology.value.close() }.get()
    }

    /// Whether the link accepts commands now.
    public var isReady: Bool {
        get async throws { try await eventLoop.submit { topology.value.isReady }.get() }
    }

    /// Sends one command. Its second argument must be its key, unless it has none (`TIME`,
    /// `SCRIPT`, ...).
    /// - Throws: ``RedisError``, also for a reply that is an error.
    public func call(_ arguments: [String]) async throws(RedisError) -> RedisReply {
        try await call([arguments])[0].get()
    }

    /// The server's clock: ms since 1970.
    public var serverTimeMs: Int {
        get async throws(RedisError) {
            try await call(["TIME"]).timeMs
        }
    }

    /// Sends commands one after another, without waiting in between.
    /// - Returns: the result of each, in their order.
    private func call(_ commands: [[String]]) async -> [Result<RedisReply, RedisError>] {
        do {
            let results = try await eventLoop.flatSubmit {
                let client = RoutedCalls(topology: topology.value, eventLoop: eventLoop)
                return EventLoopFuture.whenAllComplete(commands.map { client.call($0) }, on: eventLoop)
            }.get()
            return results.map(Self.reply)
        } catch {
            return commands.map { _ in .failure(.failed(.notSent("\(error)"))) }
        }
    }

    static func reply(_ result: Result<RedisReply, any Error>) -> Result<RedisReply, RedisError> {
        switch result {
        case .success(.error(let text)): .failure(.refused(text))
        case .success(let reply): .success(reply)
        case .failure(let failure as RedisFailure): .failure(.failed(failure))
        case .failure(let error): .failure(.failed(.notSent("\(error)")))
        }
    }

    /// Runs a script by its digest, or by its text if the server does not know it.
    public func run(
        _ script: RedisScript, keys: [String], arguments: [String]
    ) async throws(RedisError) -> RedisReply {
        try await run(script, [(keys, arguments)])[0].get()
    }

    /// Runs a script several times, without waiting in between.
    /// - Returns: the result of each run, in their order.
    public func run(
        _ script: RedisScript, _ runs: [(keys: [String], arguments: [String])]
    ) async -> [Result<RedisReply, RedisError>] {
        let digest: String
        do throws(RedisError) {
            digest = try await self.digest(of: script)
        } catch {
            return runs.map { _ in .failure(error) }
        }
        let operands = runs.map { [String($0.keys.count)] + $0.keys + $0.arguments }
        var results = await call(operands.map { ["EVALSHA", digest] + $0 })
        for (index, result) in results.enumerated() {
            guard case .failure(.refused(let text)) = result, text.hasPrefix("NOSCRIPT") else { continue }
            results[index] = await call([["EVAL", script.text] + operands[index]])[0]
        }
        return results
    }

    private func digest(of script: RedisScript) async throws(RedisError) -> String {
        if let known = script.knownDigest { return known }
        let digest = try await call(["SCRIPT", "LOAD", script.text]).text
        script.knownDigest = digest
        return digest
    }
}
