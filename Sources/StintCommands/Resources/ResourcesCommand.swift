// `stint resources ...`: what an account owns, and its resource quotas, through the admin API.

import ArgumentParser

struct ResourcesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "resources", abstract: "List, add and remove the named things that an account owns.",
        subcommands: [ResourcesList.self, ResourcesAdd.self, ResourcesRemove.self])
}
