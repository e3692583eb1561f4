// One connection to one server, owned by one event loop and used only on it. It connects by itself,
// pipelines commands, keeps the deadlines, and reconnects until it is closed. `LinkState` decides
// what it does next; this file does it. `Dialer` opens sockets, `LinkHandler` reads replies.

public import Logging
public import Metrics
public import NIOCore

/// A pipelined connection that reconnects by itself. Every method must be called on `eventLoop`.
///
/// A running link keeps itself alive until `close()`.
public final class RedisLink {
    /// Opens a channel and connects it. With TLS its handshake may still be in progress.
    typealias Dial = () -> EventLoopFuture<any Channel>

    public let eventLoop: any EventLoop
    private let settings: RedisSettings
    private let dial: Dial
    private let logger: Logger
    private let onReady: (RedisLink) -> Void
    private let metrics: LinkMetrics
    private let commandMetrics: CommandMetrics

    private var state: LinkState<any ReplySink>
    private var writer = CommandWriter()
    /// The last handler of the connection in use.
    private var handler: LinkHandler?
    private var connectTimer: Scheduled<Void>?
    private var replyTimer: Scheduled<Void>?
    private var idleTimer: Scheduled<Void>?
    /// True from the first command of a tick of the loop until that tick's flush.
    private var flushIsScheduled = false
    /// True while bytes are handed to the socket, which may call back to say that it takes more.
    private var isFlushing = false
    private var reportedInFlight = 0
    /// Completes when the last channel that was dialled is closed, or failed to open.
    private var lastClosed: EventLoopFuture<Void>

    /// Makes a link that does nothing until `start()`.
    ///
    /// - Parameters:
    ///   - eventLoop: its event loop, of a NIO `MultiThreadedEventLoopGroup`.
    ///   - random: the random numbers of the backoff.
    ///   - onReady: runs on the loop each time the link becomes ready: with each connection, and
    ///     when a stall is over. What it sends goes first.
    public convenience init(
        eventLoop: any EventLoop, settings: RedisSettings, logger: Logger, metrics: any MetricsFactory,
        random: any RandomNumberGenerator = SystemRandomNumberGenerator(),
        onReady: @escaping (RedisLink) -> Void
    ) {
        self.init(
            eventLoop: eventLoop, settings: settings, check: .none, logger: logger, metrics: metrics,
            random: random, onReady: onReady)
    }

    /// - Parameters:
    ///   - check: what the server must be.
    ///   - role: what the server is, for metrics.
    convenience init(
        eventLoop: any EventLoop, settings: RedisSettings, check: ServerCheck, role: ServerRole = .single,
        logger: Logger,
        metrics: any MetricsFactory, random: any RandomNumberGenerator = SystemRandomNumberGenerator(),
        onReady: @escaping (RedisLink) -> Void
    ) {
        let dialer = Dialer(settings: settings, eventLoop: eventLoop)
        self.init(
            eventLoop: eventLoop, settings: settings, check: check, role: role, logger: logger,
            metrics: metrics, random: random, dial: dialer.dial, onReady: onReady)
    }

    /// - Parameter dial: opens sockets on `eventLoop`.
    init(
        eventLoop: any EventLoop, settings: RedisSettings, check: ServerCheck = .none,
        role: ServerRole = .single, logger: Logger,
        metrics: any MetricsFactory, random: any RandomNumberGenerator, dial: @escaping Dial,
        onReady: @escaping (RedisLink) -> Void
    ) {
        self.eventLoop = eventLoop
        self.settings = settings
        self.dial = dial
        self.logger = logger
        self.onReady = onReady
        state = LinkState(settings, check: check, random: random)
        self.metrics = LinkMetrics(role, metrics)
        commandMetrics = CommandMetrics(role, metrics)
        lastClosed = eventLoop.makeSucceededVoidFuture()
    }

    /// Starts to connect. Calling it again does nothing.
    public func start() {
        eventLoop.assertInEventLoop()
        perform(state.start())
    }

    /// Fails all waiting commands, cancels the timers and closes the connection, for good.
    /// Completes when the socket is closed.
    @discardableResult
    public func close() -> EventLoopFuture<Void> {
        eventLoop.assertInEventLoop()
        perform(state.close())
        return lastClosed
    }

    /// Where the server is.
    public var address: RedisURL.Address { settings.url.address }

    /// Whether the link accepts commands now: it is connected, and the server is not found late.
    public var isReady: Bool { state.isReady }

    /// Why the link accepts no commands; nil: it does.
    var absence: String? { state.isReady ? nil : state.absence }

    /// Appends one command to those that are sent at the end of this tick of the loop, or at
    /// `flush()`.
    ///
    /// `sink` receives the reply or the failure exactly once. It receives `.notSent` at once if the
    /// link is not ready or `maximumInFlight` commands wait, `.late` if there is no reply within
    /// the command deadline, and `.lost` if the connection ends before. A later reply is discarded.
    /// `write` must append exactly `argumentCount` arguments, including the command's name, and
    /// must not call the link.
    public func send(argumentCount: Int, to sink: any ReplySink, _ write: (inout CommandWriter) -> Void) {
        eventLoop.assertInEventLoop()
        switch state.send(sink, at: eventLoop.now) {
        case .refused(let failure): return sink.receive(.failure(failure))
        case .queued(let time): if let time { setReplyTimer(time) }
        }
        writer.beginCommand(argumentCount: argumentCount)
        write(&writer)
        writer.endCommand()
        if !flushIsScheduled { scheduleFlush() }
    }

    /// Hands everything sent so far to the socket now. What a full socket does not accept is kept
    /// and sent later.
    public func flush() {
        eventLoop.assertInEventLoop()
        guard state.isReady, let channel = handler?.channel, !isFlushing, !writer.isEmpty, channel.isWritable
        else { return }
        state.handOver()
        isFlushing = true
        channel.writeAndFlush(writer.buffer, promise: nil)
        isFlushing = false
        writer.clear()
        reportInFlight()
    }

    private func scheduleFlush() {
        flushIsScheduled = true
        eventLoop.assumeIsolated().execute {
            self.flushIsScheduled = false
            self.flush()
        }
    }

    private func reportInFlight() {
        let change = state.waitingCount - reportedInFlight
        guard change != 0 else { return }
        reportedInFlight = state.waitingCount
        if change > 0 {
            commandMetrics.inFlight.increment(by: Double(change))
        } else {
            commandMetrics.inFlight.decrement(by: Double(-change))
        }
    }
}

// MARK: - What is to be done

extension RedisLink {
    private func perform(_ actions: [LinkAction<any ReplySink>]) {
        if !actions.isEmpty { reportInFlight() }
        for action in actions { perform(action) }
    }

    private func perform(_ action: LinkAction<any ReplySink>) {
        switch action {
        case .dial(let attempt): open(attempt)
        case .greet(let greeting): write(greeting)
        case .setConnectTimer(let time): setConnectTimer(time)
        case .cancelConnectTimer: connectTimer?.cancel()
        case .setReplyTimer(let time): setReplyTimer(time)
        case .cancelReplyTimer: replyTimer?.cancel()
        case .setIdleTimer(let time): setIdleTimer(time)
        case .cancelIdleTimer: idleTimer?.cancel()
        case .ping: ping()
        case .closeSocket: closeSocket()
        case .discardUnsent:
            // It happens when a stall begins, and only then.
            writer.clear()
            commandMetrics.stalls.increment()
        case .countConnection:
            metrics.connected()
            logger.debug("redis link is ready", metadata: ["redis.url": "\(settings.url)"])
        case .countDisconnection: metrics.disconnected()
        case .countTimeouts(let count): commandMetrics.timeouts.increment(by: count)
        case .warn(let reason):
            logger.warning(
                "redis link is down; trying again",
                metadata: ["redis.url": "\(settings.url)", "reason": "\(reason)"])
        case .warnOfStall(let reason):
            logger.warning(
                "redis does not answer in time; commands are refused until it does",
                metadata: ["redis.url": "\(settings.url)", "reason": "\(reason)"])
        case .noteRecovery:
            logger.notice("redis link works again", metadata: ["redis.url": "\(settings.url)"])
        case .announceReady: onReady(self)
        case .fail(let sink, let failure): sink.receive(.failure(failure))
        }
    }

    private func open(_ attempt: Attempt) {
        let channel = dial()
        lastClosed = channel.flatMap { $0.closeFuture }.recover { _ in }
        channel.assumeIsolated().whenComplete { self.opened($0, for: attempt) }
    }

    private func opened(_ result: Result<any Channel, any Error>, for attempt: Attempt) {
        do {
            let channel = try result.get()
            guard state.isDialling(attempt) else { return channel.close(promise: nil) }
            let decoder = ReplyDecoder(maximumReplyBytes: settings.maximumReplyBytes)
            let handler = LinkHandler(link: self, attempt: attempt, channel: channel, decoder: decoder)
            self.handler = handler
            try channel.pipeline.syncOperations.addHandler(handler)
            perform(state.connected(attempt))
        } catch {
            drop(attempt, because: "cannot connect: \(Dialer.text(of: error))")
        }
    }

    private func write(_ greeting: Greeting) {
        greeting.write(to: &writer)
        handler?.channel.writeAndFlush(writer.buffer, promise: nil)
        writer.clear()
    }

    private func ping() {
        writer.beginCommand(argumentCount: 1)
        writer.append("PING")
        writer.endCommand()
        flush()
    }

    private func closeSocket() {
        writer.clear()
        let last = handler
        handler = nil
        last?.channel.close(promise: nil)
    }

    private func setConnectTimer(_ time: Duration) {
        connectTimer?.cancel()
        connectTimer = eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(time)) {
            self.perform(self.state.connectTimerFired())
        }
    }

    private func setReplyTimer(_ time: NIODeadline) {
        replyTimer?.cancel()
        replyTimer = eventLoop.assumeIsolated().scheduleTask(deadline: time) {
            self.perform(self.state.checkReplies(at: self.eventLoop.now))
        }
    }

    private func setIdleTimer(_ time: Duration) {
        idleTimer?.cancel()
        idleTimer = eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(time)) {
            self.perform(self.state.idleTimerFired(at: self.eventLoop.now))
        }
    }
}

// MARK: - What the connection brings

extension RedisLink {
    /// Whether `attempt` became the connection in use.
    func uses(_ attempt: Attempt) -> Bool { state.uses(attempt) }

    /// Ends the connection in use, and connects to the address again; at most once a second.
    func reconnect(because reason: String) {
        perform(state.abandon(because: reason, at: eventLoop.now))
    }

    /// Handles one reply of the connection in use.
    func receive(_ reply: RedisReply) {
        let outcome = state.replied(reply)
        perform(outcome.actions)
        outcome.sink?.receive(.success(reply))
    }

    /// The socket was read, for now to its end.
    func readCompleted() {
        state.received(at: eventLoop.now)
        reportInFlight()
    }

    /// The attempt failed, or its connection is no longer usable.
    func drop(_ attempt: Attempt, because reason: String) {
        perform(state.ended(attempt, because: reason))
    }
}
