// `stint plan check`.

import Accounting
import ArgumentParser

struct PlanCheck: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract:
            "Check a plan file without a running Stint, and warn of plans that never admit the usual request."
    )
    @Argument(help: "a plan file, or one plan; - reads the standard input") var file: String

    func run() async throws {
        let plans = try PlanCommand.plans(in: file)
        Terminal.say("\(file): valid: \(plans.map(\.name).joined(separator: ", "))")
        for plan in plans { PlanCommand.warn(plan.warnings, of: "\(file): plan \(plan.name)") }
    }
}
