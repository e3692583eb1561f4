// Divides the file descriptors: first what decisions need (Redis, files, listeners), then as many
// connections as the rest allows.

import AdminAPI
import Logging
import NIOPosix
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

    struct Wishes: Equatable {
        /// Each has a connection to Redis. So does the control plane.
        var eventLoops: Int
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
        // A failed connection to Redis may still be open while the next one is opened.
        let kept = open + 2 * (wishes.eventLoops + 1) + 2 * Self.beyond + Self.others
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
    /// The budget of this process. Logs a warning if it is less than the settings ask for.
    /// - Throws: ``StartError``.
    init(_ settings: Settings, _ logger: Logger) throws {
        let limit = DescriptorLimit.raise()
        // Starts its threads, so that their descriptors are counted.
        _ = MultiThreadedEventLoopGroup.singleton.next()
        let wishes = Wishes(
            eventLoops: settings.eventLoops, runnerConnections: settings.runner.maximumConnections,
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
