// What one event loop has to itself: its desk, its connections, and the memory replies are made in.
// Nothing here is shared, so nothing here is locked.

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
    /// Whose requests are answered; nil: everybody's.
    var tokens: TokenBook?
    /// A coarse clock that costs nothing to read: the number of ``Timeouts/tick``s there were with
    /// connections open.
    private(set) var tick = 0

    private let eventLoop: any EventLoop
    private let metrics: ServerMetrics
    private let logger: Logger
    private var connections: [ObjectIdentifier: Connection] = [:]
    private var ticking: Scheduled<Void>?
    private var changed: [Connection] = []
    /// Connections that were idle when they were looked for, the longest idle one last; at most
    /// ``maximumIdlers``.
    private var idlers: [(id: ObjectIdentifier, since: Int)] = []
    private static let maximumIdlers = 1_024
    /// When they were looked for, and how often in that tick; at most ``maximumSearches``.
    private var searches = (tick: 0, count: 0)
    private static let maximumSearches = 8
    /// Exchanges to be used again; at most ``maximumSpares``.
    private var spares: [Exchange] = []
    private static let maximumSpares = 1_024
    private var isDraining = false
    private var drained: [EventLoopPromise<Void>] = []

    /// - Parameters:
    ///   - eventLoop: the one this is called on.
    ///   - desk: of the same event loop.
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
    ///   - isTrusted: whether requests need no token.
    ///   - isSecure: whether it is encrypted.
    func welcome(_ channel: any Channel, isTrusted: Bool = false, isSecure: Bool = false) throws {
        let connection = Connection(loop: self, isTrusted: isTrusted, isSecure: isSecure)
        let decoder = RequestDecoder(
            for: connection, maximumHeaderBytes: settings.maximumHeaderBytes,
            maximumBodyBytes: settings.maximumBodyBytes)
        // The decoder keeps only what is of a head that is not complete, and blanks that it does
        // not count.
        let bytes = ByteToMessageHandler(decoder, maximumBufferSize: 2 * settings.maximumHeaderBytes)
        try channel.pipeline.syncOperations.addHandlers(bytes, connection)
    }

    /// At the bound, the one that is idle for longest gives way.
    /// - Returns: false when there are too many, none of this loop is idle, and this one must go.
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

    /// - Returns: whether there was one.
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

    /// - Returns: whether there are any; false also when they have been looked for often enough.
    private func findIdlers() -> Bool {
        if searches.tick != tick { searches = (tick, 0) }
        guard searches.count < Self.maximumSearches else { return false }
        searches.count += 1
        // The first request of one that came in this tick may be on its way.
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

    /// - Returns: what is fulfilled when every connection is closed; at once if there is none.
    func drain() -> EventLoopFuture<Void> {
        isDraining = true
        guard !connections.isEmpty else { return eventLoop.makeSucceededVoidFuture() }
        for connection in connections.values { connection.drain() }
        let promise = eventLoop.makePromise(of: Void.self)
        drained.append(promise)
        return promise.futureResult
    }

    /// Closes every connection, whatever it is doing.
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

    /// Lets a connection write its replies when everything that is ready in this turn of the loop
    /// has been looked at, so that answers that came together leave together.
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
