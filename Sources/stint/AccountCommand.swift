// `stint account ...`: one account of a running Stint, through its admin API.

import ArgumentParser

struct AccountCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "account", abstract: "Look at accounts, set their plans, forget their charges.",
        subcommands: [ShowAccount.self, ShowLog.self, ForgetUsage.self, SetPlan.self])
}
