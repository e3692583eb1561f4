// `stint plan check`.

import Accounting
import ArgumentParser

struct PlanCheck: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract:
            "Say whether a file is good, and warn of plans that never admit what is usually asked, without asking anybody."
    )
    @Argument(help: "a plan file, or one plan; - reads the standard input") var file: String

    func run() async throws {
        let plans = try PlanCommand.plans(in: file)
        Terminal.say("\(file): good: \(plans.map(\.name).joined(separator: ", "))")
        for plan in plans { PlanCommand.warn(plan.warnings, of: "\(file): plan \(plan.name)") }
    }
}
