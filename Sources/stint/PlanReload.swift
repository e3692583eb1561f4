// The plan file read again: good plans are imported (without Redis: in force) a moment later, bad ones are
// refused with the line and the reason, and the old ones stay.

import Accounting
import Logging
import Records
import RunnerAPI

struct PlanReload {
    let source: PlanSource
    let runner: RunnerServer
    /// Nil without Redis.
    let watch: PlanWatch?
    let logger: Logger

    func reload() async {
        do {
            let imported = try source.imported()
            if let watch { return await watch.take(imported) }
            let plans = imported.book
            try await runner.replace(plans: plans)
            logger.info(
                "plans read again",
                metadata: ["file": "\(source.path ?? "built in")", "plan": "\(plans.standard.name)"])
        } catch {
            logger.error("plans refused; the old ones stay", metadata: ["reason": "\(error)"])
        }
    }
}
