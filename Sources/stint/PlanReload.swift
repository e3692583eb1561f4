// SIGHUP reads the plan file again: good plans are in force on every event loop a moment later, bad ones are
// refused with the line and the reason, and the old ones stay.

import Accounting
import Logging
import RunnerAPI
import ServiceLifecycle
import UnixSignals

struct PlanReload: Service {
    let source: PlanSource
    let runner: RunnerServer
    let inForce: PlansInForce
    let logger: Logger

    func run() async throws {
        for await _ in await UnixSignalsSequence(trapping: .sighup).cancelOnGracefulShutdown() {
            await reload()
        }
    }

    private func reload() async {
        do {
            let plans = try source.read()
            try await runner.replace(plans: plans)
            inForce.book = plans
            logger.info(
                "plans read again",
                metadata: ["file": "\(source.path ?? "built in")", "plan": "\(plans.standard.name)"])
        } catch {
            logger.error("plans refused; the old ones stay", metadata: ["reason": "\(error)"])
        }
    }
}
