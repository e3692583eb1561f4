// `stint resources add`.

import AdminClient
import ArgumentParser
import NIOHTTP1
import WireFormat

struct ResourcesAdd: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "add",
        abstract: "Register a thing, if the quota has place, or change its metadata.",
        discussion: "Metadata is for people who look; a secret's value does not belong there.")
    @OptionGroup var resource: ResourceArguments
    @Option(
        help: .init(
            "a JSON object of at most 1024 bytes; left out, what is there stays", valueName: "json"))
    var metadata: String?
    @OptionGroup var options: AdminOptions

    func run() async throws {
        let reply = try await options.withClient { client in
            try await client.send(.PUT, resource.path, body: metadata.map { Array($0.utf8) })
        }
        if options.format == .json { return Terminal.show(json: reply.body) }
        let body: ResourceBody = try reply.decoded()
        let done = reply.status == 201 ? "added" : "was there"
        Terminal.say("\(body.name): \(done), \(body.used) of \(body.quota) \(body.kind)")
    }
}
