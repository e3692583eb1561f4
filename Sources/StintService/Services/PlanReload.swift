// Reads the plan file again. Valid plans are imported (without Redis: in force) at once. Invalid
// ones are refused with the line and the reason, and the previous ones stay in force.

import Accounting
import ControlStore
import Logging
import RunnerAPI

struct PlanReload {
    let source: PlanSource
    let runner: RunnerServer
    /// Nil without Redis.
    let watch: PlanWatch?
    let logger: Logger

    static let warning: Logger.Message = "a plan never admits a typical ask, or never grants it in full"

    /// Logs warnings about plans that are valid but useless. With a watch, the watch does this.
    func warn(of plans: PlanBook) {
        guard watch == nil else { return }
        for what in plans.warnings { logger.warning(Self.warning, metadata: ["what": "\(what)"]) }
    }

    func reload() async {
        do {
            let imported = try source.imported()
            if let watch { return await watch.importPlans(imported) }
            let plans = imported.book
            try await runner.replace(plans: plans)
            logger.info(
                "plans read again",
                metadata: ["file": "\(source.path ?? "built in")", "plan": "\(plans.defaultPlan.name)"])
            warn(of: plans)
        } catch {
            logger.error("plans refused; the old ones stay in force", metadata: ["reason": "\(error)"])
        }
    }
}
