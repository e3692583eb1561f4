// What one event loop owns: its desk, its connections, and the memory for replies. Nothing here is
// shared, so nothing is locked.

import Access
import Accounting
import Deciding
import Logging
import NIOCore

/// One event loop's share of the data plane. Used on that loop only.
final class RunnerLoop {
    let settings: RunnerSettings
    let timeouts: Timeouts
    let desk: DecisionDesk
    var replies: ResponseWriter
    /// The tokens in force; nil: requests need none.
    var tokens: TokenBook?
    /// A coarse clock that costs nothing to read. It counts ``Timeouts/tick``s while connections
    /// are open.
    private(set) var tick = 0

    private let eventLoop: any EventLoop
    private let metrics: ServerMetrics
    private let logger: Logger
    private var connections: [ObjectIdentifier: Connection] = [:]
    private var ticking: Scheduled<Void>?
    private var changed: [Connection] = []
    /// Connections that were idle at the last search, the longest idle one last; at most
    /// ``maximumIdlers``.
    private var idlers: [(id: ObjectIdentifier, since: Int)] = []
    private static let maximumIdlers = 1_024
    /// The tick of the last search, and the searches in that tick; at most ``maximumSearches``.
    private var searches = (tick: 0, count: 0)
    private static let maximumSearches = 8
    /// Exchanges to reuse; at most ``maximumSpares``.
    private var spares: [Exchange] = []
    private static let maximumSpares = 1_024
    private var isDraining = false
    private var drained: [EventLoopPromise<Void>] = []

    /// - Parameters:
    ///   - eventLoop: the one on which this is called.
    ///   - settings: the data plane's.
    ///   - desk: that of the same event loop.
    ///   - metrics: shared by all event loops.
    ///   - logger: gets refused and closed connections, at debug.
    init(
        on eventLoop: any EventLoop, settings: RunnerSettings, desk: DecisionDesk, metrics: ServerMetrics,
        logger: Logger
    ) {
        self.eventLoop = eventLoop
        self.settings = settings
        self.timeouts = Timeouts(settings)
        self.desk = desk
        self.metrics = metrics
        self.logger = logger
        replies = ResponseWriter(includesTime: settings.rateLimitTime, metrics: metrics)
        replies.replace(plans: desk.plans)
    }

    func replace(plans: PlanBook) {
        desk.replace(plans: plans)
        replies.replace(plans: plans)
    }

    // MARK: Connections

    /// Adds the handlers that make a channel a connection of this API.
    /// - Parameters:
    ///   - channel: a new channel of this event loop.
    ///   - isTrusted: whether requests need no token.
    ///   - isSecure: whether the channel is encrypted.
    func welcome(_ channel: any Channel, isTrusted: Bool = false, isSecure: Bool = false) throws {
        let connection = Connection(loop: self, isTrusted: isTrusted, isSecure: isSecure)
        let decoder = RequestDecoder(
            for: connection, maximumHeaderBytes: settings.maximumHeaderBytes,
            maximumBodyBytes: settings.maximumBodyBytes)
        // The decoder keeps only the bytes of an incomplete head, and blanks, which it does not
        // count.
        let bytes = ByteToMessageHandler(decoder, maximumBufferSize: 2 * settings.maximumHeaderBytes)
        try channel.pipeline.syncOperations.addHandlers(bytes, connection)
    }

    /// Registers a connection. Beyond the bound, the connection that is idle for longest is closed.
    /// - Returns: false if there are too many and none of this loop is idle: then this one must be
    ///   closed.
    func opened(_ connection: Connection) -> Bool {
        let hasRoom = metrics.connectionOpened() <= settings.maximumConnections || closeLongestIdle()
        connections[ObjectIdentifier(connection)] = connection
        if ticking == nil { scheduleTick() }
        if isDraining { connection.drain() }
        if !hasRoom {
            logger.debug("a connection was refused", metadata: ["maximum": "\(settings.maximumConnections)"])
        }
        return hasRoom
    }

    /// - Returns: whether a connection was idle.
    private func closeLongestIdle() -> Bool {
        repeat {
            while let (id, since) = idlers.popLast() {
                guard let connection = connections[id], connection.restsSince == since else { continue }
                connection.close()
                return true
            }
        } while findIdlers()
        return false
    }

    /// - Returns: whether there are any; false also after ``maximumSearches`` in this tick.
    private func findIdlers() -> Bool {
        if searches.tick != tick { searches = (tick, 0) }
        guard searches.count < Self.maximumSearches else { return false }
        searches.count += 1
        // Skips connections of this tick, whose first request may be on its way.
        idlers = connections.compactMap { id, connection in connection.restsSince.map { (id, $0) } }
            .filter { $0.since < tick }.sorted { $0.since > $1.since }.suffix(Self.maximumIdlers)
        return !idlers.isEmpty
    }

    func closed(_ connection: Connection) {
        guard connections.removeValue(forKey: ObjectIdentifier(connection)) != nil else { return }
        metrics.connectionClosed()
        if connections.isEmpty { rest() }
    }

    /// The last connection is closed.
    private func rest() {
        ticking?.cancel()
        ticking = nil
        spares = []
        idlers = []
        metrics.report()
        for promise in drained { promise.succeed() }
        drained = []
    }

    /// Accepts no new requests.
    /// - Returns: a future that succeeds when every connection is closed.
    func drain() -> EventLoopFuture<Void> {
        isDraining = true
        guard !connections.isEmpty else { return eventLoop.makeSucceededVoidFuture() }
        for connection in connections.values { connection.drain() }
        let promise = eventLoop.makePromise(of: Void.self)
        drained.append(promise)
        return promise.futureResult
    }

    /// Closes every connection at once.
    func closeAll() {
        if !connections.isEmpty {
            logger.debug("connections were closed", metadata: ["count": "\(connections.count)"])
        }
        for connection in connections.values { connection.close() }
    }

    // MARK: Time

    private func scheduleTick() {
        ticking = eventLoop.assumeIsolated().scheduleTask(in: timeouts.tick) { [self] in
            tick += 1
            metrics.report()
            for connection in connections.values { connection.check() }
            if !connections.isEmpty { scheduleTick() }
        }
    }

    /// Lets a connection write its replies at the end of this turn of the loop, so that answers
    /// that came together leave together.
    func advanceSoon(_ connection: Connection) {
        changed.append(connection)
        guard changed.count == 1 else { return }
        eventLoop.assumeIsolated().execute { [self] in
            var ready: [Connection] = []
            swap(&ready, &changed)
            for connection in ready { connection.advance() }
        }
    }

    // MARK: Exchanges

    func exchange(for connection: Connection) -> Exchange {
        let exchange = spares.popLast() ?? Exchange()
        exchange.begin(connection)
        return exchange
    }

    func recycle(_ exchange: Exchange) {
        exchange.clear()
        if spares.count < Self.maximumSpares { spares.append(exchange) }
    }
}
