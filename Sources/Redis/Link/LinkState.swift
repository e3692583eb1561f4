// The life of a link, decided without I/O and without a clock: events in, actions out. `RedisLink`
// reports the events and carries out the actions. `WaitingReplies` matches replies to commands,
// `Greeting` opens a connection.

import NIOCore

/// The state of a link, and what it does next. It is generic over the sinks, so that tests can use
/// numbers.
struct LinkState<Sink> {
    /// Every phase but the last may also go to `closed`.
    private enum Phase {
        /// Not started. Goes to `dialling`.
        case idle
        /// A socket is being opened. Goes to `greeting`, or to `pausing`.
        case dialling(Attempt)
        /// The greeting was sent. Goes to `ready`, or to `pausing`.
        case greeting(Attempt, Greeting)
        /// The link accepts commands. Goes to `stalled`, or to `pausing`.
        case ready(Attempt)
        /// A reply is late, so the link accepts no command until a late reply has come. If replies
        /// that were late earlier are still missing, the server is behind, and the link waits for
        /// every late reply. Goes to `ready`, or to `pausing`.
        case stalled(Attempt, isBehind: Bool)
        /// Waits for the next attempt. Goes to `dialling`.
        case pausing
        /// Closed for good.
        case closed
    }

    private let settings: RedisSettings
    private let check: ServerCheck
    private let commandDeadline: TimeAmount
    /// The longest time without any reply while commands wait.
    private let silenceLimit: Duration
    private var phase = Phase.idle
    private var waiting = WaitingReplies<Sink>()
    private var attempts = 0
    private var backoff: Backoff
    private var random: any RandomNumberGenerator
    /// Why there is no connection: the reason of refused commands.
    private(set) var absence = "the link was not started"
    /// The last warning, so that it is logged once.
    private var lastWarning: String?
    /// True until the first reply to a command, which proves that the connection works.
    private var isUnproven = true
    /// When the reply timer fires; nil: it is not set.
    private var replyTimer: NIODeadline?
    /// When an overdue reply was found, which is checked once more.
    private var doubtedAt: NIODeadline?
    /// Since when no reply has come while commands waited.
    private var silentSince = NIODeadline.uptimeNanoseconds(0)
    /// Whether a whole reply to a command has come since the last ``received(at:)``.
    private var hasReceivedReply = false
    /// When a connection was last given up because its server is the wrong one.
    private var abandonedAt: NIODeadline?
    /// When the last command was sent.
    private var sentAt = NIODeadline.uptimeNanoseconds(0)

    init(
        _ settings: RedisSettings, check: ServerCheck = .none, random: any RandomNumberGenerator
    ) {
        self.settings = settings
        self.check = check
        self.random = random
        backoff = settings.backoff
        commandDeadline = TimeAmount(settings.commandDeadline)
        silenceLimit = max(settings.silenceLimit, settings.commandDeadline * 2)
    }

    /// Whether the link accepts commands now.
    var isReady: Bool {
        if case .ready = phase { true } else { false }
    }

    /// The number of commands without a reply.
    var waitingCount: Int { waiting.count }

    /// Whether a socket is being opened for `attempt`.
    func isDialling(_ attempt: Attempt) -> Bool {
        if case .dialling(let current) = phase { current == attempt } else { false }
    }

    /// Whether `attempt` became the connection in use.
    func uses(_ attempt: Attempt) -> Bool {
        switch phase {
        case .greeting(let current, _), .ready(let current), .stalled(let current, _): current == attempt
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
        let greeting = Greeting(url: settings.url, check: check)
        phase = .greeting(attempt, greeting)
        return [.greet(greeting)]
    }

    /// The attempt to connect takes too long, or the pause after one is over; never both.
    mutating func connectTimerFired() -> [LinkAction<Sink>] {
        switch phase {
        case .dialling, .greeting: lose("no answer to connecting within \(settings.connectDeadline)")
        case .pausing: dial()
        case .idle, .ready, .stalled, .closed: []
        }
    }

    /// The attempt failed, or its connection is no longer usable.
    mutating func ended(_ attempt: Attempt, because reason: String) -> [LinkAction<Sink>] {
        isDialling(attempt) || uses(attempt) ? lose(reason) : []
    }

    /// The server is the wrong one: the connection in use is given up, at most once a second, as
    /// the address may lead to the same server again.
    mutating func abandon(because reason: String, at now: NIODeadline) -> [LinkAction<Sink>] {
        switch phase {
        case .ready, .stalled:
            if let abandonedAt, now - abandonedAt < .seconds(1) { return [] }
            abandonedAt = now
            return lose(reason)
        case .idle, .dialling, .greeting, .pausing, .closed: return []
        }
    }

    /// Closes the link for good.
    mutating func close() -> [LinkAction<Sink>] {
        if case .closed = phase { return [] }
        replyTimer = nil
        return [.cancelReplyTimer, .cancelIdleTimer] + leave(for: .closed, because: "the link is closed")
    }

    /// Gives up the attempt or the connection, and tries again after a pause.
    private mutating func lose(_ reason: String) -> [LinkAction<Sink>] {
        let pause = backoff.next(using: &random)
        var actions: [LinkAction<Sink>] = [.setConnectTimer(pause)]
        if reason != lastWarning {
            lastWarning = reason
            actions.append(.warn(reason))
        }
        return leave(for: .pausing, because: reason, then: actions)
    }

    /// Leaves the current phase. Sinks receive their failures last, when the new state is complete.
    private mutating func leave(
        for next: Phase, because reason: String, then others: [LinkAction<Sink>] = []
    ) -> [LinkAction<Sink>] {
        var actions: [LinkAction<Sink>] = [.cancelConnectTimer]
        switch phase {
        case .idle, .pausing, .closed: break
        case .dialling, .greeting: actions.append(.closeSocket)
        case .ready, .stalled: actions += [.closeSocket, .countDisconnection]
        }
        phase = next
        absence = reason
        let failed = waiting
        waiting = WaitingReplies()
        actions += others
        for (sink, failure) in failed.failures(because: reason) { actions.append(.fail(sink, failure)) }
        return actions
    }
}

// MARK: - Commands and replies

extension LinkState {
    /// Accepts a command, or refuses it.
    mutating func send(_ sink: Sink, at now: NIODeadline) -> Placement {
        guard case .ready = phase else { return .refused(.notSent(absence)) }
        guard waiting.count < settings.maximumInFlight else {
            return .refused(.notSent("too many commands wait for replies"))
        }
        noteSending(at: now)
        let deadline = now + commandDeadline
        waiting.append(sink, deadline: deadline)
        return .queued(replyTimer: replyTimer(for: deadline))
    }

    private mutating func noteSending(at now: NIODeadline) {
        if waiting.count == 0 { silentSince = now }
        sentAt = now
    }

    /// When the reply timer must be set to; nil: it fires soon enough.
    private mutating func replyTimer(for deadline: NIODeadline) -> NIODeadline? {
        if let replyTimer, replyTimer <= deadline { return nil }
        replyTimer = deadline
        return deadline
    }

    /// Sends a `PING` if no command was sent for a while and no reply is missing.
    mutating func idleTimerFired(at now: NIODeadline) -> [LinkAction<Sink>] {
        switch phase {
        case .idle, .dialling, .greeting, .pausing, .closed: return []
        case .ready, .stalled: break
        }
        // Replies that are missing have their deadlines.
        guard waiting.count == 0 else { return [.setIdleTimer(settings.keepAlive)] }
        let dueAt = sentAt + TimeAmount(settings.keepAlive)
        guard dueAt <= now else { return [.setIdleTimer(.nanoseconds((dueAt - now).nanoseconds))] }
        noteSending(at: now)
        let deadline = now + commandDeadline
        waiting.appendOwn(deadline: deadline)
        let timer = replyTimer(for: deadline).map { LinkAction<Sink>.setReplyTimer($0) }
        return [.ping] + [timer].compactMap(\.self) + [.setIdleTimer(settings.keepAlive)]
    }

    /// Everything that waits was handed to the socket.
    mutating func handOver() { waiting.handOver() }

    /// A whole reply came on the connection in use.
    mutating func replied(_ reply: RedisReply) -> ReplyOutcome<Sink> {
        switch phase {
        case .ready, .stalled:
            switch waiting.dequeue() {
            case .sink(let sink):
                prove()
                return ReplyOutcome(actions: recover(), sink: sink)
            case .link:
                prove()
                return ReplyOutcome(actions: recover())
            case .forgotten:
                prove()
                return ReplyOutcome(actions: resume())
            case .unasked:
                return ReplyOutcome(actions: lose("the server sent a reply without a command"))
            }
        case .greeting(let attempt, var greeting):
            switch greeting.judge(reply) {
            case .more:
                phase = .greeting(attempt, greeting)
                return ReplyOutcome()
            case .welcome:
                phase = .ready(attempt)
                isUnproven = true
                return ReplyOutcome(actions: [
                    .cancelConnectTimer, .countConnection, .setIdleTimer(settings.keepAlive), .announceReady,
                ])
            case .refused(let reason):
                return ReplyOutcome(actions: lose(reason))
            }
        case .idle, .dialling, .pausing, .closed:
            return ReplyOutcome()
        }
    }

    /// A reply proves that the connection works.
    private mutating func prove() {
        hasReceivedReply = true
        guard isUnproven else { return }
        isUnproven = false
        backoff.reset()
    }

    /// A reply came in time.
    private mutating func recover() -> [LinkAction<Sink>] {
        guard lastWarning != nil else { return [] }
        lastWarning = nil
        return [.noteRecovery]
    }

    /// A late reply has come: the server works again, and the other late replies are on their way.
    private mutating func resume() -> [LinkAction<Sink>] {
        guard case .stalled(let attempt, let isBehind) = phase, !(isBehind && waiting.hasForgotten)
        else { return [] }
        phase = .ready(attempt)
        return [.announceReady]
    }

    /// The socket was read, for now to its end.
    mutating func received(at now: NIODeadline) {
        guard hasReceivedReply else { return }
        hasReceivedReply = false
        silentSince = now
    }

    /// Checks whether replies are late. One timer serves all commands; those that are answered in
    /// time cost none. An overdue reply is checked once more after the loop has read its sockets,
    /// because the loop itself may be late.
    mutating func checkReplies(at now: NIODeadline) -> [LinkAction<Sink>] {
        replyTimer = nil
        let doubtedAt = doubtedAt
        self.doubtedAt = nil
        guard waiting.count > 0 else { return [] }
        let silenceEnds = silentSince + TimeAmount(silenceLimit)
        var actions: [LinkAction<Sink>] = []
        if let doubtedAt {
            if silenceEnds <= doubtedAt { return lose("no reply at all within \(silenceLimit)") }
            if let due = waiting.deadline, due <= doubtedAt {
                if waiting.areAllUnsent { return lose("the socket takes no commands") }
                actions = forget(dueBy: doubtedAt)
            }
        }
        var next = min(waiting.deadline ?? silenceEnds, silenceEnds)
        if next <= now {
            self.doubtedAt = now
            next = now + .milliseconds(1)
        }
        replyTimer = next
        return actions + [.setReplyTimer(next)]
    }

    /// Fails the commands that were due by then, each alone. The first of them starts a stall:
    /// commands that the socket does not have yet are not sent.
    private mutating func forget(dueBy time: NIODeadline) -> [LinkAction<Sink>] {
        let reason = "no reply within \(settings.commandDeadline)"
        var actions: [LinkAction<Sink>] = []
        let isBehind = waiting.hasForgotten
        let late = waiting.forget(dueBy: time)
        var unsent: [Sink] = []
        if case .ready(let attempt) = phase {
            phase = .stalled(attempt, isBehind: isBehind)
            absence = "the server is not answering"
            unsent = waiting.withdrawUnsent()
            actions.append(.discardUnsent)
            if reason != lastWarning {
                lastWarning = reason
                actions.append(.warnOfStall(reason))
            }
        }
        if late.count > 0 { actions.append(.countTimeouts(late.count)) }
        for sink in late.sinks { actions.append(.fail(sink, .late(reason))) }
        for sink in unsent { actions.append(.fail(sink, .notSent(absence))) }
        return actions
    }
}
