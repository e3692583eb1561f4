// `stint resources remove`.

import AdminClient
import ArgumentParser
import NIOHTTP1

struct ResourcesRemove: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "remove",
        abstract: "Remove a name, which frees its place in the quota.")
    @OptionGroup var resource: ResourceArguments
    @OptionGroup var options: AdminOptions

    func run() async throws {
        _ = try await options.withClient { try await $0.send(.DELETE, resource.path) }
        if options.format == .text { Terminal.say("\(resource.name): removed") }
    }
}
