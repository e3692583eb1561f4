// The life of a link, decided without I/O and without a clock: events in, actions out. `RedisLink`
// says what happened and does what it is told. Whose reply is whose is `WaitingReplies`', what is
// said first `Greeting`'s.

import NIOCore

/// What a link is about, and what it does next. Generic over who waits for a reply, so that tests
/// can let numbers wait.
struct LinkState<Sink> {
    /// Every phase but the last may also go to `closed`.
    private enum Phase {
        /// Not started. Goes to `dialling`.
        case idle
        /// A socket is being opened. Goes to `greeting`, or to `pausing`.
        case dialling(Attempt)
        /// The server has to say that it knows us. Goes to `ready`, or to `pausing`.
        case greeting(Attempt, Greeting)
        /// Commands are taken. Goes to `pausing`.
        case ready(Attempt)
        /// Until the next attempt. Goes to `dialling`.
        case pausing
        /// The end.
        case closed
    }

    private let settings: RedisSettings
    private var phase = Phase.idle
    private var waiting = WaitingReplies<Sink>()
    private var attempts = 0
    private var backoff: Backoff
    private var random: any RandomNumberGenerator
    /// Why there is no connection, for those who are refused.
    private var absence = "the link was not started"
    /// What was last said at warning, so that it is said once.
    private var lastWarning: String?
    /// Set until the first reply to a command: only then a connection has proved to be good.
    private var isUnproven = true
    private var replyTimerIsSet = false
    /// The deadline that had passed when replies were checked last.
    private var suspect: NIODeadline?

    init(_ settings: RedisSettings, random: any RandomNumberGenerator) {
        self.settings = settings
        self.random = random
        backoff = settings.backoff
    }

    /// Whether commands are taken now.
    var isReady: Bool {
        if case .ready = phase { true } else { false }
    }

    /// Commands that have no reply yet.
    var waitingCount: Int { waiting.count }

    /// Whether a socket is being opened for `attempt`.
    func isDialling(_ attempt: Attempt) -> Bool {
        if case .dialling(let current) = phase { current == attempt } else { false }
    }

    /// Whether `attempt` became the connection in use.
    func uses(_ attempt: Attempt) -> Bool {
        switch phase {
        case .greeting(let current, _), .ready(let current): current == attempt
        case .idle, .dialling, .pausing, .closed: false
        }
    }
}

// MARK: - Connecting

extension LinkState {
    mutating func start() -> [LinkAction<Sink>] {
        guard case .idle = phase else { return [] }
        absence = "the link is not connected yet"
        return dial()
    }

    private mutating func dial() -> [LinkAction<Sink>] {
        attempts += 1
        let attempt = Attempt(number: attempts)
        phase = .dialling(attempt)
        return [.setConnectTimer(settings.connectDeadline), .dial(attempt)]
    }

    /// A socket is open.
    mutating func connected(_ attempt: Attempt) -> [LinkAction<Sink>] {
        guard isDialling(attempt) else { return [] }
        let greeting = Greeting(url: settings.url)
        phase = .greeting(attempt, greeting)
        return [.greet(greeting)]
    }

    /// The attempt to connect takes too long, or the pause after one is over; never both.
    mutating func connectTimerFired() -> [LinkAction<Sink>] {
        switch phase {
        case .dialling, .greeting: lose("no answer to connecting within \(settings.connectDeadline)")
        case .pausing: dial()
        case .idle, .ready, .closed: []
        }
    }

    /// The attempt came to nothing, or its connection is of no use any more.
    mutating func ended(_ attempt: Attempt, because reason: String) -> [LinkAction<Sink>] {
        isDialling(attempt) || uses(attempt) ? lose(reason) : []
    }

    /// Everything ends, for good.
    mutating func close() -> [LinkAction<Sink>] {
        if case .closed = phase { return [] }
        replyTimerIsSet = false
        return [.cancelReplyTimer] + leave(for: .closed, because: "the link is closed")
    }

    /// Gives up the attempt or the connection; tries again after a pause.
    private mutating func lose(_ reason: String) -> [LinkAction<Sink>] {
        let pause = backoff.next(using: &random)
        var actions: [LinkAction<Sink>] = [.setConnectTimer(pause)]
        if reason != lastWarning {
            lastWarning = reason
            actions.append(.warn(reason))
        }
        return leave(for: .pausing, because: reason, then: actions)
    }

    /// Leaves whatever is under way. Who waits is told last, when everything is in its new state.
    private mutating func leave(
        for next: Phase, because reason: String, then others: [LinkAction<Sink>] = []
    ) -> [LinkAction<Sink>] {
        var actions: [LinkAction<Sink>] = [.cancelConnectTimer]
        switch phase {
        case .idle, .pausing, .closed: break
        case .dialling, .greeting: actions.append(.closeSocket)
        case .ready: actions += [.closeSocket, .countDisconnection]
        }
        phase = next
        absence = reason
        let failed = waiting
        waiting = WaitingReplies()
        return actions + others + failed.failures(because: reason).map { .fail($0.sink, $0.failure) }
    }
}

// MARK: - Commands and replies

extension LinkState {
    /// A command is to be sent.
    mutating func send(_ sink: Sink, at now: NIODeadline) -> Placement {
        guard case .ready = phase else { return .refused(.notSent(absence)) }
        guard waiting.count < settings.maximumInFlight else {
            return .refused(.notSent("too many commands wait for replies"))
        }
        let deadline = now + TimeAmount(settings.commandDeadline)
        waiting.append(sink, deadline: deadline)
        if replyTimerIsSet { return .queued(replyTimer: nil) }
        replyTimerIsSet = true
        return .queued(replyTimer: deadline)
    }

    /// All that waits is handed to the socket.
    mutating func handOver() { waiting.handOver() }

    /// A whole reply came on the connection in use.
    mutating func replied(_ reply: RedisReply) -> ReplyOutcome<Sink> {
        switch phase {
        case .ready:
            guard let sink = waiting.takeNext() else {
                return ReplyOutcome(actions: lose("the server answered what it was not asked"))
            }
            return ReplyOutcome(actions: isUnproven ? prove() : [], sink: sink)
        case .greeting(let attempt, var greeting):
            switch greeting.judge(reply) {
            case .more:
                phase = .greeting(attempt, greeting)
                return ReplyOutcome()
            case .welcome:
                phase = .ready(attempt)
                isUnproven = true
                return ReplyOutcome(actions: [.cancelConnectTimer, .countConnection, .announceReady])
            case .refused(let reason):
                return ReplyOutcome(actions: lose(reason))
            }
        case .idle, .dialling, .pausing, .closed:
            return ReplyOutcome()
        }
    }

    private mutating func prove() -> [LinkAction<Sink>] {
        isUnproven = false
        backoff.reset()
        guard lastWarning != nil else { return [] }
        lastWarning = nil
        return [.noteRecovery]
    }

    /// Looks whether the oldest command is late. There is one timer for all: commands that are
    /// answered in time cost none. A late one is looked at once more after the loop has read its
    /// sockets, since it may be us who are late.
    mutating func checkReplies(at now: NIODeadline) -> [LinkAction<Sink>] {
        replyTimerIsSet = false
        guard let due = waiting.deadline else { return [] }
        if due <= now, due == suspect { return lose("no reply within \(settings.commandDeadline)") }
        replyTimerIsSet = true
        guard due <= now else { return [.setReplyTimer(due)] }
        suspect = due
        return [.setReplyTimer(now + .milliseconds(1))]
    }
}
