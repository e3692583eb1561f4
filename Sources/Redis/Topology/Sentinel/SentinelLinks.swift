// The primary that sentinels name, as one event loop reaches it: one link, and the connections to
// sentinels that say where it leads. What their replies mean is `SentinelAnswer`'s, what follows
// from them `SentinelState`'s.
//
// A server that was replaced must take no charge, because all that it takes is forgotten when it
// becomes a replica. So a link is ready only after ROLE, and it is closed as soon as a sentinel
// names another server or the server refuses a write (READONLY). What is left: a former primary
// believes to be the primary until a sentinel reaches it, after it stood still or was cut off, or
// in a failover by hand. A link that is still open to it can write there until a sentinel names the
// other server to this process, and a server that stood still reads what lies in its sockets. Only
// acknowledgements of the replicas (WAIT) close that gap.

import Logging
import NIOCore

/// A link to the primary that sentinels name. Every method must be called on the event loop.
public final class SentinelLinks {
    /// How often sentinels are asked while the primary does not work.
    static let absentInterval = TimeAmount.milliseconds(100)
    /// How often while it works and they do not confirm it, or none announces changes.
    static let unsettledInterval = TimeAmount.seconds(1)
    /// How often otherwise.
    static let restInterval = TimeAmount.seconds(10)

    private let eventLoop: any EventLoop
    /// Those of the connections to sentinels, but for the address.
    private let settings: RedisSettings
    private let logger: Logger
    private let makeLink: Topology.MakeLink
    let metrics: TopologyMetrics
    private let sentinelMetrics: LinkMetrics
    private let onReady: (RedisLink) -> Void

    private var state: SentinelState
    private(set) var link: RedisLink?
    private var dialers: [RedisURL.Address: Dialer] = [:]
    /// The question to a sentinel that is not answered yet.
    private var question: SentinelConnection?
    /// Where changes are announced.
    private var subscription: SentinelConnection?
    private var isSubscribed = false
    private var subscribeAgainAt = NIODeadline.uptimeNanoseconds(0)
    /// The primary may be another one.
    private var isStale = true
    private var askedAt = NIODeadline.uptimeNanoseconds(0)
    private var timer: Scheduled<Void>?
    private var isClosed = false
    /// The sentinels that did not answer when they were asked last.
    private var unreachable: Set<RedisURL.Address> = []
    /// The server that a link was made to last.
    private var followed: RedisURL.Address?

    /// - Parameters:
    ///   - settings: those of the URL.
    ///   - sentinelMetrics: of the connections to sentinels.
    init(
        eventLoop: any EventLoop, primary name: String, settings: RedisSettings, logger: Logger,
        makeLink: @escaping Topology.MakeLink, metrics: TopologyMetrics, sentinelMetrics: LinkMetrics,
        onReady: @escaping (RedisLink) -> Void
    ) {
        self.metrics = metrics
        self.sentinelMetrics = sentinelMetrics
        self.eventLoop = eventLoop
        self.settings = settings
        self.logger = logger
        self.makeLink = makeLink
        self.onReady = onReady
        state = SentinelState(name: name, sentinels: settings.url.addresses)
    }

    func start() {
        guard timer == nil, !isClosed else { return }
        subscribe()
        ask()
        checkLater()
    }

    private func checkLater() {
        timer = eventLoop.assumeIsolated().scheduleTask(in: Self.absentInterval) { [weak self] in
            guard let self, !isClosed else { return }
            check()
            checkLater()
        }
    }

    /// Once a tick of the timer.
    private func check() {
        if subscription == nil, eventLoop.now >= subscribeAgainAt { subscribe() }
        let age = eventLoop.now - askedAt
        let interval = state.isUnsettled || !isSubscribed ? Self.unsettledInterval : Self.restInterval
        if isStale || link?.isReady != true || age >= interval { ask() }
    }

    func close() -> EventLoopFuture<Void> {
        isClosed = true
        timer?.cancel()
        question?.close()
        subscription?.close()
        return link?.close() ?? eventLoop.makeSucceededVoidFuture()
    }

    func flush() { link?.flush() }

    /// Whether the primary takes commands now.
    var isReady: Bool { link?.isReady == true }

    /// Why it does not; nil: it does.
    var absence: String? {
        guard let address = state.primary else { return state.absence }
        guard let link else { return "the sentinels name no primary in place of \(address) yet" }
        guard let reason = link.absence else { return nil }
        let asking = state.absence.map { "; \($0)" } ?? ""
        return "the primary \(address), which the sentinels name, is not available: \(reason)\(asking)"
    }

    var primary: Result<RedisLink, RedisFailure> {
        if let link { return .success(link) }
        return .failure(.notSent(absence ?? "the primary is not known"))
    }

    /// A server refused a command because of what it is, or because it cannot serve yet.
    /// - Returns: whether the command is to be sent again, after a pause.
    func follow(_ redirection: Redirection, from source: RedisLink) -> Bool {
        switch redirection {
        case .moved, .ask: return false
        case .wait: isStale = true
        case .demoted:
            isStale = true
            guard source === link else { return true }
            link = nil
            source.close()
            ask()
        }
        return true
    }
}

// MARK: - Sentinels

extension SentinelLinks {
    private func ask() {
        guard question == nil, !isClosed else { return }
        askedAt = eventLoop.now
        ask(state.begin())
    }

    private func ask(_ sentinel: RedisURL.Address) {
        let commands = SentinelAnswer.commands(for: state.name)
        var replies: [RedisReply] = []
        let connection = connection(
            to: sentinel, commands,
            onReply: { [weak self] reply in
                replies.append(reply)
                guard replies.count == commands.count, let self else { return }
                question?.close()
                receive(SentinelAnswer(replies, from: sentinel), from: sentinel)
            }, onEnd: { [weak self] in self?.receive(.none($0), from: sentinel) })
        question = connection
        open(connection, to: sentinel)
    }

    private func receive(_ answer: SentinelAnswer, from sentinel: RedisURL.Address) {
        question = nil
        guard !isClosed else { return }
        note(answer, from: sentinel)
        if case .primary(let server, _) = answer, let known = state.primary, server != known {
            logger.debug(
                "a sentinel names another primary than the one that is known",
                metadata: ["sentinel": "\(sentinel)", "named": "\(server)", "known": "\(known)"])
        }
        let before = state.absence
        switch state.receive(answer, isReady: isReady) {
        case .ask(let next): return ask(next)
        case .follow(let server): follow(server)
        case .stay: break
        }
        if let absence = state.absence, absence != before {
            logger.warning(
                "the sentinels name no primary; asking again",
                metadata: ["redis.url": "\(settings.url)", "reason": "\(absence)"])
        }
    }

    private func note(_ answer: SentinelAnswer, from sentinel: RedisURL.Address) {
        if case .none = answer { unreachable.insert(sentinel) } else { unreachable.remove(sentinel) }
        let namesPrimary = if case .primary = answer { true } else { false }
        metrics.readMap(isAnswered: namesPrimary)
        metrics.sentinels(state.sentinels.count, unreachable: unreachable.count)
    }

    /// A sentinel names the server.
    private func follow(_ server: RedisURL.Address) {
        isStale = false
        let former = link
        guard former?.address != server else { return }
        let link = makeLink(server) { [weak self] link in
            guard let self, self.link === link else { return }
            onReady(link)
        }
        self.link = link
        metrics.follows(isAnother: followed != nil && followed != server)
        followed = server
        if let former {
            logger.notice(
                "the sentinels name another primary",
                metadata: ["former": "\(former.address)", "primary": "\(server)"])
            former.close()
        }
        link.start()
    }

    private func subscribe() {
        let sentinel = state.announcer
        let connection = connection(
            to: sentinel, [["SUBSCRIBE"] + SentinelAnnouncement.channels],
            onReply: { [weak self] in self?.receiveAnnouncement($0, from: sentinel) },
            onEnd: { [weak self] reason in
                guard let self else { return }
                logger.debug(
                    "a sentinel announces nothing; trying the next one",
                    metadata: ["sentinel": "\(sentinel)", "reason": "\(reason)"])
                (subscription, isSubscribed) = (nil, false)
                let pause = state.loseAnnouncer() ? Self.unsettledInterval : .zero
                subscribeAgainAt = eventLoop.now + pause
            })
        subscription = connection
        open(connection, to: sentinel)
    }

    private func receiveAnnouncement(_ reply: RedisReply, from sentinel: RedisURL.Address) {
        switch SentinelAnnouncement(reply, name: state.name, from: sentinel) {
        case .subscribed:
            isSubscribed = true
            subscription?.stay()
            // What was announced before is missed.
            isStale = true
        case .switched(let server):
            if case .follow(let server) = state.announced(server) { follow(server) }
            // Only an answer has the config epoch.
            isStale = true
        case .other: break
        }
    }

    private func connection(
        to sentinel: RedisURL.Address, _ commands: [[String]], onReply: @escaping (RedisReply) -> Void,
        onEnd: @escaping (String) -> Void
    ) -> SentinelConnection {
        SentinelConnection(
            eventLoop: eventLoop, settings: settings.ofSentinel(at: sentinel), commands: commands,
            metrics: sentinelMetrics, onReply: onReply, onEnd: onEnd)
    }

    private func open(_ connection: SentinelConnection, to sentinel: RedisURL.Address) {
        let dialer =
            dialers[sentinel] ?? Dialer(settings: settings.ofSentinel(at: sentinel), eventLoop: eventLoop)
        dialers[sentinel] = dialer
        connection.open(with: dialer)
    }
}
