// The rollups as a service: once a second what the event loops counted goes to Redis, and at the end the rest of it.

import Logging
import Records
import RunnerAPI
import ServiceLifecycle

struct RollupService: Service {
    static let interval: Duration = .seconds(1)
    /// How long the rest may take at the end.
    static let endPatience: Duration = .seconds(5)

    let writer: RollupWriter
    let runner: RunnerServer
    let logger: Logger

    func run() async throws {
        var next = ContinuousClock.now
        while !Task.isShuttingDownGracefully {
            next = max(next + Self.interval, .now)
            try? await cancelWhenGracefulShutdown { [next] in try await Task.sleep(until: next) }
            await writer.round(try await runner.takeActivity())
        }
        let deadline = ContinuousClock.now.advanced(by: Self.endPatience)
        while await writer.waitingCount > 0, ContinuousClock.now < deadline {
            guard await writer.round([], deadline: deadline) else { break }
        }
        let left = await writer.waitingCount
        if left > 0 { logger.warning("rollups not written", metadata: ["accounts": "\(left)"]) }
    }
}
