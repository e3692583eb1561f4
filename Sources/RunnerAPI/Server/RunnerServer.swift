// The data plane as a whole: its listeners, and one `RunnerLoop` per event loop.

public import Access
public import Accounting
import Deciding
import Glibc
public import Logging
public import Metrics
public import NIOCore
import NIOPosix
import Synchronization

/// The runner API: admit, settle and peek over HTTP/1.1, on a TCP address, a Unix socket, or both.
///
/// Every connection stays on one event loop of `group`, and so does everything its requests need:
/// each loop has its own ledger and its own snapshot of the plans.
public final class RunnerServer: Sendable {
    private let settings: RunnerSettings
    private let group: any EventLoopGroup
    private let makeLedger: @Sendable (any EventLoop) -> any Ledger
    private let degraded: DegradedLedger?
    private let random: @Sendable () -> any RandomNumberGenerator
    private let logger: Logger
    private let metrics: ServerMetrics
    private let secure: Secure?
    private let guardListener: GuardListener?
    private let state: Mutex<State>

    /// Adds the handlers between a connection's bytes and its requests: TLS.
    public typealias Secure = @Sendable (any Channel) throws -> Void
    /// Adds the handler that bounds how many connections a listener accepts.
    public typealias GuardListener = @Sendable (any Channel) throws -> Void

    /// A `RunnerLoop`, to be used on its event loop only.
    private struct Worker: Sendable {
        let eventLoop: any EventLoop
        let loop: NIOLoopBound<RunnerLoop>
    }

    private struct State {
        var plans: PlanBook
        var tokens: TokenBook?
        var workers: [Worker] = []
        var listeners: [any Channel] = []
        /// The number of calls of ``drainActivity(_:minute:)`` and ``payDebts(_:)``.
        var turn = 0
    }

    /// - Parameters:
    ///   - settings: where to listen, and the bounds.
    ///   - group: the event loops that serve connections.
    ///   - plans: the plans in force at the start.
    ///   - makeLedger: makes the ledger of an event loop. Called once on each.
    ///   - degraded: decides under plans with a share while the ledger cannot answer. Nil: such
    ///     plans deny then.
    ///   - random: makes a source of random numbers per event loop, for ids that runners leave out.
    ///   - logger: gets errors, and at debug refused and closed connections.
    ///   - metrics: gets `stint_decisions_total`, `stint_http_responses_total`,
    ///     `stint_http_connections`, `stint_http_connections_maximum` and
    ///     `stint_http_requests_in_flight`.
    ///   - tokens: the tokens that requests need; nil: none. Requests on the Unix socket need none.
    ///   - secure: called for each new TCP connection, before its first byte.
    ///   - guardListener: called for each listener, before it listens.
    public init(
        settings: RunnerSettings, group: any EventLoopGroup, plans: PlanBook,
        makeLedger: @escaping @Sendable (any EventLoop) -> any Ledger, degraded: DegradedLedger? = nil,
        random: @escaping @Sendable () -> any RandomNumberGenerator, logger: Logger,
        metrics: any MetricsFactory, tokens: TokenBook? = nil, secure: Secure? = nil,
        guardListener: GuardListener? = nil
    ) {
        self.settings = settings
        self.group = group
        self.makeLedger = makeLedger
        self.degraded = degraded
        self.random = random
        self.logger = logger
        self.metrics = ServerMetrics(factory: metrics)
        self.secure = secure
        self.guardListener = guardListener
        Gauge(label: "stint_http_connections_maximum", factory: metrics).record(settings.maximumConnections)
        state = Mutex(State(plans: plans, tokens: tokens))
    }

    /// The plans in force.
    public var plans: PlanBook { state.withLock { $0.plans } }

    /// The addresses where it listens; empty before the start and after the drain.
    public var addresses: [SocketAddress] {
        state.withLock { $0.listeners.compactMap(\.localAddress) }
    }

    /// Whether runners can connect: true once everything listens, until the drain.
    public var isListening: Bool {
        let expected = (settings.address == nil ? 0 : 1) + (settings.socketPath == nil ? 0 : 1)
        return state.withLock { $0.listeners.count == expected && $0.listeners.allSatisfy { $0.isActive } }
    }

    /// Starts to listen. Call it once.
    ///
    /// A Unix socket without a listener is replaced; one that is in use is an error.
    /// - Throws: ``RunnerError``; then nothing listens.
    public func start() async throws {
        try settings.check()
        let (plans, tokens) = state.withLock { ($0.plans, $0.tokens) }
        var workers: [Worker] = []
        for eventLoop in group.makeIterator() {
            workers.append(
                try await eventLoop.submit { [self] in makeWorker(on: eventLoop, plans, tokens) }.get())
        }
        let latest = state.withLock { [workers] state in
            state.workers = workers
            return (plans: state.plans, tokens: state.tokens)
        }
        // Both may have been replaced while the workers were made.
        for worker in workers {
            try await worker.eventLoop.submit { worker.loop.value.replace(plans: latest.plans) }.get()
        }
        if let latest = latest.tokens, latest !== tokens { try await replace(tokens: latest) }
        do {
            if let address = settings.address {
                let bootstrap = bootstrap { [secure] channel, loop in
                    try secure?(channel)
                    try loop.welcome(channel, isSecure: secure != nil)
                }
                let listener = try await listen(on: address, with: bootstrap)
                state.withLock { $0.listeners.append(listener) }
            }
            if let path = settings.socketPath {
                let bootstrap = bootstrap { channel, loop in try loop.welcome(channel, isTrusted: true) }
                let listener = try await UnixSocket(path: path).listen(with: bootstrap, group: group)
                state.withLock { $0.listeners.append(listener) }
            }
        } catch {
            try await closeListeners()
            throw error
        }
    }

    /// Replaces the plans. After it returns, every request is decided under these.
    public func replace(plans: PlanBook) async throws {
        let workers = state.withLock { state in
            state.plans = plans
            return state.workers
        }
        for worker in workers {
            try await worker.eventLoop.submit { worker.loop.value.replace(plans: plans) }.get()
        }
    }

    /// Replaces the tokens. After it returns, all others are rejected, on open connections too.
    public func replace(tokens: TokenBook) async throws {
        let workers = state.withLock { state in
            state.tokens = tokens
            return state.workers
        }
        for worker in workers {
            try await worker.eventLoop.submit { worker.loop.value.tokens = tokens }.get()
        }
    }

    /// Drains the activity of up to `maximum` accounts from all event loops, oldest first. The
    /// loops take turns at being drained first.
    /// - Parameters:
    ///   - maximum: the most accounts; each counts once per minute in which it was active.
    ///   - minute: the present minute, counted from 1970.
    /// - Returns: nothing unless ``RunnerSettings/countsActivity``.
    public func drainActivity(_ maximum: Int, minute: Int) async throws -> DrainedActivity {
        let (workers, turn) = state.withLock { state in
            state.turn += 1
            return (state.workers, state.turn)
        }
        var taken = DrainedActivity()
        var accounts: [Account] = []
        for index in workers.indices {
            let worker = workers[(turn + index) % workers.count]
            let some = try await worker.eventLoop.submit { [accounts] in
                worker.loop.value.desk.drainActivity(minute: minute) { book in
                    index == 0 ? book.drain(maximum) : book.drain(accounts)
                }
            }.get()
            if index == 0 { accounts = some.activities.map(\.account) }
            taken.activities += some.activities
            taken.uncounted += some.uncounted
        }
        return taken
    }

    /// Charges the ledger for up to `maximum` executions that were admitted without it.
    /// - Returns: the number of payments that the ledger accepted, and of those that it did not.
    public func payDebts(_ maximum: Int) async throws -> (accepted: Int, failed: Int) {
        let worker = state.withLock { state -> Worker? in
            state.turn += 1
            return state.workers.isEmpty ? nil : state.workers[state.turn % state.workers.count]
        }
        guard let worker else { return (0, 0) }
        return try await worker.eventLoop.flatSubmit {
            let promise = worker.eventLoop.makePromise(of: (accepted: Int, failed: Int).self)
            worker.loop.value.desk.payDebts(maximum) { promise.succeed(($0, $1)) }
            return promise.futureResult
        }.get()
    }

    /// Stops listening, answers requests that have begun with `Connection: close`, and closes every
    /// connection: idle ones at once, others when they are done, and all at the deadline.
    /// - Parameter deadline: the time from now.
    public func drain(deadline: Duration) async throws {
        try await closeListeners()
        let draining = state.withLock { $0.workers }.map { worker in
            worker.eventLoop.flatSubmit {
                let drained = worker.loop.value.drain()
                let timer = worker.eventLoop.scheduleTask(in: TimeAmount(deadline)) {
                    worker.loop.value.closeAll()
                }
                drained.whenComplete { _ in timer.cancel() }
                return drained
            }
        }
        for drained in draining { try await drained.get() }
    }

    // MARK: Parts

    private func makeWorker(
        on eventLoop: any EventLoop, _ plans: PlanBook, _ tokens: TokenBook?
    ) -> Worker {
        let desk = DecisionDesk(
            accountant: Accountant(plans: plans, random: random()), ledger: makeLedger(eventLoop),
            degraded: degraded, metrics: metrics.factory, openQuestions: metrics.openQuestions,
            countsActivity: settings.countsActivity)
        let loop = RunnerLoop(
            on: eventLoop, settings: settings, desk: desk, metrics: metrics, logger: logger)
        loop.tokens = tokens
        return Worker(eventLoop: eventLoop, loop: NIOLoopBound(loop, eventLoop: eventLoop))
    }

    /// - Parameter welcome: makes a channel a connection of its event loop.
    private func bootstrap(
        _ welcome: @escaping @Sendable (any Channel, RunnerLoop) throws -> Void
    ) -> ServerBootstrap {
        let workers = state.withLock { $0.workers }
        let loops = Dictionary(
            uniqueKeysWithValues: workers.map { (ObjectIdentifier($0.eventLoop), $0.loop) })
        let logger = logger
        return ServerBootstrap(group: group)
            .serverChannelInitializer { [guardListener] listener in
                listener.eventLoop.makeCompletedFuture { try guardListener?(listener) }
            }
            .serverChannelOption(.backlog, value: 1_024)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            // Without this, a client that closes its half would close the other half too, and lose
            // its replies.
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .childChannelOption(.maxMessagesPerRead, value: 1)
            .childChannelOption(
                .recvAllocator,
                value: AdaptiveRecvByteBufferAllocator(minimum: 1_024, initial: 2_048, maximum: 16_384)
            )
            .childChannelOption(.writeBufferWaterMark, value: .init(low: 16_384, high: 65_536))
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    guard let loop = loops[ObjectIdentifier(channel.eventLoop)] else {
                        logger.error("a connection came on an event loop of another group")
                        throw ChannelError.operationUnsupported
                    }
                    try welcome(channel, loop.value)
                }
            }
    }

    private func listen(
        on address: RunnerSettings.Address, with bootstrap: ServerBootstrap
    ) async throws -> any Channel {
        do {
            return try await bootstrap.childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
                .bind(host: address.host, port: address.port).get()
        } catch let error as IOError {
            throw RunnerError.cannotListen(
                at: "\(address)", reason: String(cString: strerror(error.errnoCode)))
        } catch {
            throw RunnerError.cannotListen(at: "\(address)", reason: "\(error)")
        }
    }

    private func closeListeners() async throws {
        let listeners = state.withLock { state in
            defer { state.listeners = [] }
            return state.listeners
        }
        for listener in listeners { try await listener.close() }
    }
}
