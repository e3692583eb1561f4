// Divides the file descriptors: first what decisions need (Redis, files, listeners), then as many
// connections as the rest allows.

import AdminAPI
import Logging
import NIOPosix
import Redis
import RunnerAPI

/// The connections that fit into this process' limit of descriptors.
struct DescriptorBudget: Equatable {
    /// The fewest connections for each of the two APIs. With less Stint does not start.
    static let fewest = 8
    /// Connections of one API beyond its bound, for the moment until they get 503 or an idle one
    /// is closed.
    static let beyond = 8
    /// Descriptors for short reads and writes of files, DNS look-ups, listeners, and the pipes to
    /// the embedded Redis.
    private static let others = 28

    /// The primaries of a cluster for which descriptors are kept, unless its URL names more. How
    /// many there are is known only when one of them has answered.
    static let clusterNodes = 16

    struct Wishes: Equatable {
        /// Each has connections to Redis. So does the control plane.
        var eventLoops: Int
        /// What each of them keeps for Redis; see ``DescriptorBudget/redisSockets(_:)``.
        var redisSockets = 2
        var runnerConnections: Int
        var adminConnections: Int
    }

    let runnerConnections: Int
    let adminConnections: Int
    /// The descriptors that all wishes together need.
    let wished: Int

    /// - Parameters:
    ///   - limit: descriptors that this process may have.
    ///   - open: descriptors that it has already.
    ///   - wishes: what the settings ask for.
    /// - Throws: ``StartError`` when even ``fewest`` connections do not fit.
    init(limit: Int, open: Int, wishes: Wishes) throws(StartError) {
        let kept =
            open + wishes.redisSockets * (wishes.eventLoops + 1) + 2 * Self.beyond + Self.others
        wished = kept + wishes.runnerConnections + wishes.adminConnections
        let left = limit - kept
        adminConnections = min(wishes.adminConnections, max(Self.fewest, left / 4))
        runnerConnections = min(wishes.runnerConnections, left - adminConnections)
        guard runnerConnections >= min(wishes.runnerConnections, Self.fewest) else {
            throw StartError(
                description:
                    "this process may open \(limit) files (ulimit -n); it needs \(kept + 2 * Self.fewest) at least, "
                    + "and \(wished) for runner.maximumConnections \(wishes.runnerConnections). Type: ulimit -n \(wished)"
            )
        }
    }
}

extension DescriptorBudget {
    /// The descriptors that one event loop keeps for Redis. Each connection counts twice: a failed
    /// one may still be open while the next one is opened.
    /// - Parameter url: nil: one server, which Stint starts itself, or none.
    static func redisSockets(_ url: RedisURL?) -> Int {
        switch url?.deployment {
        case nil, .single: 2
        case .cluster: 2 * max(clusterNodes, url?.addresses.count ?? 0)
        // To the primary, to the sentinel that is listened to, and to the one that is asked.
        case .sentinel: 2 * 3
        }
    }

    /// The budget of this process. Logs a warning if it is less than the settings ask for.
    /// - Throws: ``StartError``.
    init(_ settings: Settings, _ logger: Logger) throws {
        let limit = DescriptorLimit.raise()
        // Starts its threads, so that their descriptors are counted.
        _ = MultiThreadedEventLoopGroup.singleton.next()
        let wishes = Wishes(
            eventLoops: settings.eventLoops, redisSockets: Self.redisSockets(settings.redisURL),
            runnerConnections: settings.runner.maximumConnections,
            adminConnections: AdminBounds().allConnections)
        try self.init(limit: limit, open: DescriptorLimit.open(), wishes: wishes)
        guard limit < wished else { return }
        logger.warning(
            "fewer connections than set: the limit of open files is too low",
            metadata: [
                "runner.maximumConnections": "\(runnerConnections) instead of \(wishes.runnerConnections)",
                "adminConnections": "\(adminConnections) instead of \(wishes.adminConnections)",
                "limit": "\(limit)", "hint": "ulimit -n \(wished)",
            ])
    }
}
