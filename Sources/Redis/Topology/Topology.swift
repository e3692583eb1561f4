// Which server has which keys, and the link to it. Code that uses Redis asks for a link each time
// and keeps none, because the answer may change.

public import Logging
public import Metrics
public import NIOCore

/// The servers of one URL, as one event loop reaches them. Every method must be called on that
/// loop.
public enum Topology {
    /// One server has all keys.
    case single(RedisLink)
    /// Each primary of a cluster has some slots.
    case cluster(ClusterLinks)
    /// The primary that sentinels name has all keys.
    case sentinel(SentinelLinks)

    /// The maximum number of resends of a command that met a redirection.
    public static let maximumRetries = 5

    /// Makes a link to one server. It does nothing until it is started.
    typealias MakeLink = (RedisURL.Address, _ onReady: @escaping (RedisLink) -> Void) -> RedisLink

    /// How to resend a command that was redirected.
    public enum Retry {
        /// Send it again to this link; with `asking` behind an `ASKING`.
        case now(RedisLink, asking: Bool)
        /// Ask for a link again after this pause.
        case later(TimeAmount)
    }

    /// Makes the links that `settings` ask for. They do nothing until ``start()``.
    ///
    /// - Parameters:
    ///   - eventLoop: the event loop of the links.
    ///   - settings: for each of the links.
    ///   - reportsServers: whether its metrics include what is true of the servers, such as how
    ///     many there are. One topology of a process does that.
    ///   - onReady: runs on the loop each time a link is ready. Commands that it sends go first.
    public init(
        eventLoop: any EventLoop, settings: RedisSettings, logger: Logger, metrics: any MetricsFactory,
        reportsServers: Bool = false,
        onReady: @escaping (RedisLink) -> Void
    ) {
        func link(
            to address: RedisURL.Address, _ check: ServerCheck, _ onReady: @escaping (RedisLink) -> Void
        ) -> RedisLink {
            var settings = settings
            settings.url = settings.url.at(address)
            return RedisLink(
                eventLoop: eventLoop, settings: settings, check: check,
                role: check == .standalone ? .single : .primary, logger: logger, metrics: metrics,
                onReady: onReady)
        }
        let own = TopologyMetrics(metrics, reportsServers: reportsServers)
        switch settings.url.deployment {
        case .single:
            own.oneServer()
            self = .single(link(to: settings.url.address, .standalone, onReady))
        case .cluster:
            self = .cluster(
                ClusterLinks(
                    eventLoop: eventLoop, seeds: settings.url.addresses,
                    closeDelay: TimeAmount(settings.commandDeadline * 2),
                    makeLink: { link(to: $0, .clusterNode, $1) }, metrics: own, onReady: onReady))
        case .sentinel(let name):
            self = .sentinel(
                SentinelLinks(
                    eventLoop: eventLoop, primary: name, settings: settings, logger: logger,
                    makeLink: { link(to: $0, .primary, $1) }, metrics: own,
                    sentinelMetrics: LinkMetrics(.sentinel, metrics), onReady: onReady))
        }
    }

    /// Starts to connect, and keeps connecting until ``close()``.
    public func start() {
        switch self {
        case .single(let link): link.start()
        case .cluster(let links): links.start()
        case .sentinel(let links): links.start()
        }
    }

    /// Fails all waiting commands and closes the connections, for good. Completes when the sockets
    /// are closed.
    @discardableResult
    public func close() -> EventLoopFuture<Void> {
        switch self {
        case .single(let link): link.close()
        case .cluster(let links): links.close()
        case .sentinel(let links): links.close()
        }
    }

    /// Whether commands about every key are accepted now.
    public var isReady: Bool {
        switch self {
        case .single(let link): link.isReady
        case .cluster(let links): links.absence == nil
        case .sentinel(let links): links.isReady
        }
    }

    /// Why commands about some keys cannot be sent now, if the servers' own replies do not tell.
    public var absence: String? {
        switch self {
        case .single: nil
        case .cluster(let links): links.absence
        case .sentinel(let links): links.absence
        }
    }

    /// The link to the server of the keys with a hash tag.
    /// - Parameter tag: the part of the key between its first `{` and the next `}`.
    public func link(forTag tag: String) -> Result<RedisLink, RedisFailure> {
        switch self {
        case .single(let link): .success(link)
        case .cluster(let links): links.link(forSlot: KeySlot.of(tag: tag.utf8))
        case .sentinel(let links): links.primary
        }
    }

    /// The link to the server of a whole key; nil: to any server.
    public func link(forKey key: String?) -> Result<RedisLink, RedisFailure> {
        switch self {
        case .single(let link): return .success(link)
        case .cluster(let links):
            if let key { return links.link(forSlot: KeySlot.of(key: key.utf8)) }
            if let link = links.anyLink { return .success(link) }
            return .failure(.notSent(links.absence ?? "no node of the cluster answers"))
        case .sentinel(let links): return links.primary
        }
    }

    /// What to do about an error by which a server says that it does not have the key, or not yet.
    ///
    /// - Parameters:
    ///   - link: where the error came from.
    ///   - retries: how often the command was sent again already.
    /// - Returns: nil if the error is the command's reply.
    public func retry(after error: ErrorReply, from link: RedisLink, retries: Int) -> Retry? {
        guard retries < Self.maximumRetries, let redirection = Redirection(error, asked: link.address),
            // A script on a replica could not write anything before either.
            !error.isFromScript || redirection == .demoted
        else { return nil }
        metrics?.redirected(error.code)
        let later = Retry.later(.milliseconds(Int64(5 << retries)))
        switch self {
        case .single(let link):
            // The error is the reply; but the address may lead to the successor by now.
            if redirection == .demoted { link.reconnect(because: "the server is not a primary any more") }
            return nil
        case .cluster(let links):
            return links.follow(redirection).map { .now($0.link, asking: $0.asking) } ?? later
        case .sentinel(let links): return links.follow(redirection, from: link) ? later : nil
        }
    }

    private var metrics: TopologyMetrics? {
        switch self {
        case .single: nil
        case .cluster(let links): links.metrics
        case .sentinel(let links): links.metrics
        }
    }

    /// Hands everything sent so far to the sockets now: one write per server.
    public func flush() {
        switch self {
        case .single(let link): link.flush()
        case .cluster(let links): links.flush()
        case .sentinel(let links): links.flush()
        }
    }
}
