// The plan file read again: good plans are imported (without Redis: in force) a moment later, bad
// ones are refused with the line and the reason, and the old ones stay.

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

    static let warning: Logger.Message = "a plan never admits what is usually asked, or never whole"

    /// Says what is good and yet of no use. Where there is a watch, it says so itself.
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
            logger.error("plans refused; the old ones stay", metadata: ["reason": "\(error)"])
        }
    }
}
