// `stint resources ...`: what accounts own, and how much of it they may, through the admin API.

import ArgumentParser

struct ResourcesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "resources", abstract: "List, add and remove the named things that an account owns.",
        subcommands: [ResourcesList.self, ResourcesAdd.self, ResourcesRemove.self])
}
