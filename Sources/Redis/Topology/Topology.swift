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

    /// Makes the links that `settings` ask for. They do nothing until ``start()``.
    ///
    /// - Parameters:
    ///   - eventLoop: the event loop of the links.
    ///   - onReady: runs on the loop each time a link is ready. Commands that it sends go first.
    public init(
        eventLoop: any EventLoop, settings: RedisSettings, logger: Logger, metrics: any MetricsFactory,
        onReady: @escaping (RedisLink) -> Void
    ) {
        self = .single(
            RedisLink(
                eventLoop: eventLoop, settings: settings, logger: logger, metrics: metrics,
                onReady: onReady))
    }

    /// Starts to connect, and keeps connecting until ``close()``.
    public func start() {
        switch self {
        case .single(let link): link.start()
        }
    }

    /// Fails all waiting commands and closes the connections, for good. Completes when the sockets
    /// are closed.
    @discardableResult
    public func close() -> EventLoopFuture<Void> {
        switch self {
        case .single(let link): link.close()
        }
    }

    /// Whether commands about every key are accepted now.
    public var isReady: Bool {
        switch self {
        case .single(let link): link.isReady
        }
    }

    /// The link to the server of the keys with a hash tag.
    /// - Parameter tag: the part of the key between its first `{` and the next `}`.
    public func link(forTag tag: String) -> RedisLink {
        switch self {
        case .single(let link): link
        }
    }

    /// Hands everything sent so far to the sockets now: one write per server.
    public func flush() {
        switch self {
        case .single(let link): link.flush()
        }
    }
}
