// `stint account ...`: one account of a running Stint, through its admin API.

import ArgumentParser

struct AccountCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "account",
        abstract: "Show accounts and their usage, set their plans, forget their charges.",
        subcommands: [
            AccountShow.self, AccountTop.self, AccountUsage.self, AccountLog.self, AccountForget.self,
            AccountSetPlan.self,
        ])
}
