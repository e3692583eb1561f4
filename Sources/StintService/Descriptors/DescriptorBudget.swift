// Who gets the file descriptors: first what decisions need (Redis, files, listeners), then
// connections, as many as are left.

import AdminAPI
import Logging
import NIOPosix
import RunnerAPI

/// How many connections fit into the descriptors that this process may have.
struct DescriptorBudget: Equatable {
    /// Runners' and the admin API's connections must be so many each, or nothing is served.
    static let fewest = 8
    /// Connections of one API that are over the bound, while they are told so or another gives way.
    static let beyond = 8
    /// Files that are read or written for a moment, names that are looked up, listeners, and the
    /// pipes to the embedded Redis.
    private static let others = 28

    struct Wishes: Equatable {
        /// Each has a connection to Redis, and so has the control plane.
        var eventLoops: Int
        var runnerConnections: Int
        var adminConnections: Int
    }

    let runnerConnections: Int
    let adminConnections: Int
    /// How many descriptors all wishes together take.
    let wished: Int

    /// - Parameters:
    ///   - limit: descriptors that this process may have.
    ///   - open: those that it has
    ///     already.
    /// - Throws: ``StartError`` when there is not even room for the fewest.
    init(limit: Int, open: Int, wishes: Wishes) throws(StartError) {
        // A connection to Redis that is given up may still be there while the next one is opened.
        let kept = open + 2 * (wishes.eventLoops + 1) + 2 * Self.beyond + Self.others
        wished = kept + wishes.runnerConnections + wishes.adminConnections
        let left = limit - kept
        adminConnections = min(wishes.adminConnections, max(Self.fewest, left / 4))
        runnerConnections = min(wishes.runnerConnections, left - adminConnections)
        guard runnerConnections >= min(wishes.runnerConnections, Self.fewest) else {
            throw StartError(
                description:
                    "this process may open \(limit) files (ulimit -n); \(kept + 2 * Self.fewest) are the least, "
                    + "and \(wished) let runner.maximumConnections be \(wishes.runnerConnections). Type: ulimit -n \(wished)"
            )
        }
    }
}

extension DescriptorBudget {
    /// What this process can give; the log says so when it is less than what is set.
    /// - Throws: ``StartError``.
    init(_ settings: Settings, _ logger: Logger) throws {
        let limit = DescriptorLimit.raise()
        // Its threads have their descriptors from now on, so that they are counted.
        _ = MultiThreadedEventLoopGroup.singleton.next()
        let wishes = Wishes(
            eventLoops: settings.eventLoops, runnerConnections: settings.runner.maximumConnections,
            adminConnections: AdminBounds().allConnections)
        try self.init(limit: limit, open: DescriptorLimit.open(), wishes: wishes)
        guard limit < wished else { return }
        logger.warning(
            "fewer connections than set: this process may not open enough files",
            metadata: [
                "runner.maximumConnections": "\(runnerConnections) instead of \(wishes.runnerConnections)",
                "adminConnections": "\(adminConnections) instead of \(wishes.adminConnections)",
                "limit": "\(limit)", "hint": "ulimit -n \(wished)",
            ])
    }
}
