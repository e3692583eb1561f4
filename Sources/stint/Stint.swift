// The command line's front door. Each subcommand lives in a file of its own; nothing is decided here.

import ArgumentParser

@main
struct Stint: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stint",
        abstract: "Rate limits and quotas for function runners, strict to the millisecond.",
        version: Stint.version,
        subcommands: [
            Serve.self, HealthCommand.self, TokenCommand.self, PlanCommand.self, AccountCommand.self,
            ResourcesCommand.self,
            LoadCommand.self,
            ReplayTrace.self, SimulateTrace.self, AuditHistory.self,
        ])

    static let version = "0.1.0"

    static func main() async {
        StandardOutput.checkAtExit()
        await main(nil)
    }
}
