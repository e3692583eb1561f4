// The rollups as a service: once a second it writes a part of what the event loops have counted to
// Redis, and at the end the rest.

import Accounting
import ControlStore
import Logging
import RunnerAPI
import ServiceLifecycle

struct RollupService: Service {
    static let interval: Duration = .seconds(1)
    /// The time for the rest at the end.
    static let endTimeout: Duration = .seconds(5)

    let writer: RollupWriter
    let runner: RunnerServer
    let logger: Logger

    func run() async throws {
        var next = ContinuousClock.now
        while !Task.isShuttingDownGracefully {
            next = max(next + Self.interval, .now)
            await pause(until: next)
            _ = try await round(pause: RollupWriter.pause)
        }
        let deadline = ContinuousClock.now.advanced(by: Self.endTimeout)
        while ContinuousClock.now < deadline {
            switch try await round(until: deadline) {
            case .done: return
            case .goesOn: continue
            case .stuck: return logger.warning("some rollups were not written: Redis does not answer")
            }
        }
        logger.warning("some rollups were not written: the time at the end was too short")
    }

    private enum Progress {
        /// Nothing is left.
        case done
        case goesOn
        case stuck
    }

    private func round(
        pause: Duration = .zero, until deadline: ContinuousClock.Instant = .now + RollupService.interval
    ) async throws -> Progress {
        let (minute, room) = await writer.outlook()
        let taken = try await runner.drainActivity(room ?? 0, minute: minute)
        let isWritten = await writer.write(
            taken.activities, uncounted: taken.uncounted, pause: pause, until: deadline)
        guard let room, isWritten else { return .stuck }
        return room > 0 && taken.activities.isEmpty ? .done : .goesOn
    }
}
