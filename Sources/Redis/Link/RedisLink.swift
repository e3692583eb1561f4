// One connection to one server, owned by one event loop and used only on it: connects by itself,
// pipelines what it is given, keeps the deadlines, and starts again for ever until it is closed.
// How a connection is made is `Dialer`'s, what is said first `Greeting`'s, whose reply is whose
// `WaitingReplies`', bytes are `LinkHandler`'s.

public import Logging
public import Metrics
public import NIOCore

/// A pipelined, self-healing connection. Every method must be called on `eventLoop`.
///
/// A running link keeps itself alive; call `close()` to let it go.
public final class RedisLink {
    public let eventLoop: any EventLoop
    private let settings: RedisSettings
    private let commandDeadline: TimeAmount
    private let dialer: Dialer
    private let logger: Logger
    private let onReady: (RedisLink) -> Void
    private let connections: Counter
    private let disconnections: Counter
    private let inFlight: Meter
    private var random: any RandomNumberGenerator

    private var phase = Phase.idle
    private var waiting = WaitingReplies()
    private var writer = CommandWriter()
    private var backoff: Backoff
    /// Why there is no connection, for those who are refused.
    private var absence = "the link was not started"
    /// What was last said at warning, so that it is said once.
    private var lastWarning: String?
    /// Set until the first reply to a command: only then a connection has proved to be good.
    private var isUnproven = true

    /// Ends the attempt to connect, or the pause after it; never both are under way.
    private var connectTimer: Scheduled<Void>?
    private var deadlineTimer: Scheduled<Void>?
    /// Set from the first command of a tick of the loop until that tick's flush.
    private var flushIsScheduled = false
    /// Set while the socket is handed bytes, which it may interrupt to say that it takes more.
    private var isFlushing = false
    private var reportedInFlight = 0
    /// Completes when the last dialled channel is closed, or was never opened.
    private var lastClosed: EventLoopFuture<Void>

    /// Forward: idle, dialling, greeting, ready. Back from the last three: pausing, then dialling
    /// again. From everywhere: closed, which is the end.
    private enum Phase {
        case idle
        case dialling(Dialer.Attempt)
        case greeting(LinkHandler, Greeting)
        case ready(LinkHandler)
        case pausing
        case closed
    }

    /// Makes a link that does nothing until `start()`.
    ///
    /// - Parameters:
    ///   - eventLoop: where it lives; of a NIO `MultiThreadedEventLoopGroup`.
    ///   - random: draws the backoff.
    ///   - onReady: runs on the loop each time the link is ready. What it sends goes first.
    public init(
        eventLoop: any EventLoop, settings: RedisSettings, logger: Logger, metrics: any MetricsFactory,
        random: any RandomNumberGenerator = SystemRandomNumberGenerator(),
        onReady: @escaping (RedisLink) -> Void
    ) {
        self.eventLoop = eventLoop
        self.settings = settings
        self.commandDeadline = TimeAmount(settings.commandDeadline)
        self.dialer = Dialer(settings: settings, eventLoop: eventLoop)
        self.logger = logger
        self.onReady = onReady
        self.random = random
        connections = Counter(label: "stint_redis_connections_total", factory: metrics)
        disconnections = Counter(label: "stint_redis_disconnections_total", factory: metrics)
        inFlight = Meter(label: "stint_redis_in_flight", factory: metrics)
        backoff = settings.backoff
        lastClosed = eventLoop.makeSucceededVoidFuture()
    }

    /// Begins to connect. Calling it again does nothing.
    public func start() {
        eventLoop.assertInEventLoop()
        guard case .idle = phase else { return }
        absence = "the link is not connected yet"
        dial()
    }

    /// Fails all that waits, ends the timers and closes the connection, for good. Completes when
    /// the socket is closed.
    @discardableResult
    public func close() -> EventLoopFuture<Void> {
        eventLoop.assertInEventLoop()
        deadlineTimer?.cancel()
        deadlineTimer = nil
        leave(for: .closed, because: "the link is closed")
        return lastClosed
    }

    /// Whether commands are taken now.
    public var isReady: Bool {
        if case .ready = phase { true } else { false }
    }

    /// Appends one command to what leaves for the socket at the end of this tick of the loop, or at
    /// `flush()`.
    ///
    /// `sink` gets the reply or the failure exactly once; at once `.notSent` when the link is not
    /// ready or `maximumInFlight` commands wait. `write` must append exactly `argumentCount`
    /// arguments, the command's name among them, and must not call the link.
    public func send(argumentCount: Int, to sink: any ReplySink, _ write: (inout CommandWriter) -> Void) {
        eventLoop.assertInEventLoop()
        guard case .ready = phase else { return sink.receive(.failure(.notSent(absence))) }
        guard waiting.count < settings.maximumInFlight else {
            return sink.receive(.failure(.notSent("too many commands wait for replies")))
        }
        let deadline = eventLoop.now + commandDeadline
        waiting.append(sink, deadline: deadline)
        writer.beginCommand(argumentCount: argumentCount)
        write(&writer)
        writer.endCommand()
        if deadlineTimer == nil { look(at: deadline) }
        if !flushIsScheduled { scheduleFlush() }
    }

    /// Hands what was sent so far to the socket now. What a full socket does not take stays here
    /// and leaves later.
    public func flush() {
        eventLoop.assertInEventLoop()
        guard case .ready(let handler) = phase, !isFlushing, !writer.isEmpty, handler.channel.isWritable
        else { return }
        waiting.handOver()
        isFlushing = true
        handler.channel.writeAndFlush(writer.buffer, promise: nil)
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

    func reportInFlight() {
        let change = waiting.count - reportedInFlight
        guard change != 0 else { return }
        reportedInFlight = waiting.count
        if change > 0 {
            inFlight.increment(by: Double(change))
        } else {
            inFlight.decrement(by: Double(-change))
        }
    }
}

// MARK: - Connecting

extension RedisLink {
    private func dial() {
        let attempt = Dialer.Attempt()
        phase = .dialling(attempt)
        connectTimer = eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(settings.connectDeadline)) {
            self.lose("no answer to connecting within \(self.settings.connectDeadline)")
        }
        let channel = dialer.dial()
        lastClosed = channel.flatMap { $0.closeFuture }.recover { _ in }
        channel.assumeIsolated().whenComplete { self.dialled($0, attempt) }
    }

    private func dialled(_ result: Result<any Channel, any Error>, _ attempt: Dialer.Attempt) {
        guard case .dialling(let current) = phase, current === attempt else {
            if case .success(let channel) = result { channel.close(promise: nil) }
            return
        }
        do {
            let channel = try result.get()
            let decoder = ReplyDecoder(maximumReplyBytes: settings.maximumReplyBytes)
            let handler = LinkHandler(link: self, channel: channel, decoder: decoder)
            let greeting = Greeting(url: settings.url)
            phase = .greeting(handler, greeting)
            try channel.pipeline.syncOperations.addHandler(handler)
            greeting.write(to: &writer)
            channel.writeAndFlush(writer.buffer, promise: nil)
            writer.clear()
        } catch {
            lose("cannot connect: \(Dialer.text(of: error))")
        }
    }

    private func becomeReady(_ handler: LinkHandler) {
        connectTimer?.cancel()
        connectTimer = nil
        phase = .ready(handler)
        isUnproven = true
        connections.increment()
        logger.debug("redis link is ready", metadata: ["redis.url": "\(settings.url)"])
        onReady(self)
    }

    private func markProven() {
        isUnproven = false
        backoff.reset()
        guard lastWarning != nil else { return }
        lastWarning = nil
        logger.notice("redis link works again", metadata: ["redis.url": "\(settings.url)"])
    }

    /// Gives up the attempt or the connection; tries again after a pause.
    private func lose(_ reason: String) {
        guard leave(for: .pausing, because: reason) else { return }
        if reason != lastWarning {
            lastWarning = reason
            logger.warning(
                "redis link is down; trying again",
                metadata: ["redis.url": "\(settings.url)", "reason": "\(reason)"])
        }
    }

    /// Leaves whatever is under way. Everything is in its new state before anyone is told.
    @discardableResult
    private func leave(for next: Phase, because reason: String) -> Bool {
        let handler: LinkHandler?
        switch phase {
        case .closed: return false
        case .idle, .pausing, .dialling: handler = nil
        case .greeting(let current, _): handler = current
        case .ready(let current):
            handler = current
            disconnections.increment()
        }
        connectTimer?.cancel()
        connectTimer = nil
        phase = next
        absence = reason
        let failed = waiting
        waiting = WaitingReplies()
        writer.clear()
        reportInFlight()
        if case .pausing = next {
            let pause = TimeAmount(backoff.next(using: &random))
            connectTimer = eventLoop.assumeIsolated().scheduleTask(in: pause) { self.dial() }
        }
        handler?.channel.close(promise: nil)
        failed.fail(reason)
        return true
    }
}

// MARK: - What the connection brings

extension RedisLink {
    /// Whether `handler` belongs to the connection in use.
    func uses(_ handler: LinkHandler) -> Bool {
        switch phase {
        case .greeting(let current, _), .ready(let current): current === handler
        case .idle, .dialling, .pausing, .closed: false
        }
    }

    /// Takes one reply of the connection in use.
    func take(_ reply: RedisReply) {
        switch phase {
        case .ready:
            guard let sink = waiting.takeNext() else {
                return lose("the server answered what it was not asked")
            }
            if isUnproven { markProven() }
            sink.receive(.success(reply))
        case .greeting(let handler, var greeting):
            switch greeting.take(reply) {
            case .more: phase = .greeting(handler, greeting)
            case .welcome: becomeReady(handler)
            case .refused(let reason): lose(reason)
            }
        case .idle, .dialling, .pausing, .closed: break
        }
    }

    /// The connection of `handler` is of no use any more.
    func drop(_ handler: LinkHandler, because reason: String) {
        guard uses(handler) else { return }
        lose(reason)
    }
}

// MARK: - Deadlines

extension RedisLink {
    /// One timer for the oldest command, set anew when it fires: commands that were answered in
    /// time cost none.
    private func look(at time: NIODeadline, suspect: NIODeadline? = nil) {
        deadlineTimer = eventLoop.assumeIsolated().scheduleTask(deadline: time) {
            self.checkDeadline(suspect)
        }
    }

    /// When the oldest is late, looks once more after the loop has read its sockets: it may be us
    /// who were late.
    private func checkDeadline(_ suspect: NIODeadline?) {
        deadlineTimer = nil
        guard let due = waiting.deadline else { return }
        let now = eventLoop.now
        if now < due {
            look(at: due)
        } else if due == suspect {
            lose("no reply within \(settings.commandDeadline)")
        } else {
            look(at: now + .milliseconds(1), suspect: due)
        }
    }
}
