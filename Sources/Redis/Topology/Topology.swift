// Which server has which keys, and the link that leads to it. What uses Redis asks here for a link
// each time and keeps none, since the answer may change.

public import Logging
public import Metrics
public import NIOCore

/// The servers behind one URL, as one event loop reaches them. Every method must be called on that
/// loop.
public enum Topology {
    /// One server has all keys.
    case single(RedisLink)

    /// Makes the links that `settings` ask for. They do nothing until ``start()``.
    ///
    /// - Parameters:
    ///   - eventLoop: where the links live.
    ///   - onReady: runs on the loop each time a link is ready. What it sends goes first there.
    public init(
        eventLoop: any EventLoop, settings: RedisSettings, logger: Logger, metrics: any MetricsFactory,
        onReady: @escaping (RedisLink) -> Void
    ) {
        self = .single(
            RedisLink(
                eventLoop: eventLoop, settings: settings, logger: logger, metrics: metrics,
                onReady: onReady))
    }

    /// Begins to connect, and keeps at it until ``close()``.
    public func start() {
        switch self {
        case .single(let link): link.start()
        }
    }

    /// Fails all that waits and closes the connections, for good. Completes when the sockets are
    /// closed.
    @discardableResult
    public func close() -> EventLoopFuture<Void> {
        switch self {
        case .single(let link): link.close()
        }
    }

    /// Whether commands about every key are taken now.
    public var isReady: Bool {
        switch self {
        case .single(let link): link.isReady
        }
    }

    /// The link to the server of the keys with a hash tag.
    /// - Parameter tag: what stands in the key between its first `{` and the next `}`.
    public func link(forTag tag: String) -> RedisLink {
        switch self {
        case .single(let link): link
        }
    }

    /// Hands all that was sent so far to the sockets now: one write for each server.
    public func flush() {
        switch self {
        case .single(let link): link.flush()
        }
    }
}
