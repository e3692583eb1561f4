// Says every 10 s that this process is there, and how many processes share the Redis. Together they
// bound by how much accounts may be over their limits while it is away.

import Accounting
import ControlStore
import Logging
import Metrics
import Redis
import RunnerAPI
import ServiceLifecycle
import Synchronization

final class ProcessService: Service {
    private let processes: Processes
    private let id: String
    private let runner: RunnerServer
    private let known = Atomic(1)
    private let count: Metrics.Meter
    private let executions: Metrics.Meter
    private let seconds: Metrics.Meter

    /// - Parameters:
    ///   - processes: all that share the Redis.
    ///   - id: names this one, differently from any other.
    ///   - runner: has the plans in force.
    ///   - metrics: gets `stint_processes`, `stint_degraded_over_use_executions` and
    ///     `stint_degraded_over_use_seconds`.
    init(_ processes: Processes, id: String, runner: RunnerServer, metrics: any MetricsFactory) {
        self.processes = processes
        self.id = id
        self.runner = runner
        count = Metrics.Meter(label: "stint_processes", factory: metrics)
        executions = Metrics.Meter(label: "stint_degraded_over_use_executions", factory: metrics)
        seconds = Metrics.Meter(label: "stint_degraded_over_use_seconds", factory: metrics)
        report()
    }

    /// The number of processes, this one included, when Redis could last be asked.
    var knownCount: Int { known.load(ordering: .relaxed) }

    func run() async throws {
        while !Task.isShuttingDownGracefully {
            await announce()
            await pause(until: .now + Processes.interval)
        }
        do throws(RedisError) { try await processes.withdraw(id) } catch {
            // It counts for half a minute more.
        }
    }

    /// Says that this process is there, and counts all. While Redis is away, the last count stays.
    func announce() async {
        do throws(RedisError) {
            known.store(max(1, try await processes.announce(id)), ordering: .relaxed)
        } catch {
            // The ledger's own watch says that Redis is away.
        }
        report()
    }

    private func report() {
        let bounds = runner.plans.variants.compactMap { $0.share?.overUse }
        count.set(knownCount)
        executions.set(knownCount * (bounds.compactMap(\.executions).max() ?? 0))
        seconds.set(Double(knownCount * (bounds.compactMap(\.executionTimeMs).max() ?? 0)) / 1_000)
    }
}
