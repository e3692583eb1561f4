// `stint resources add`.

import AdminClient
import ArgumentParser
import NIOHTTP1
import WireFormat

struct ResourcesAdd: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "add",
        abstract: "Register a name if the quota allows one more, or change its metadata.",
        discussion: "People can read the metadata, so do not store a secret's value there.")
    @OptionGroup var resource: ResourceArguments
    @Option(
        help: .init(
            "a JSON object of at most 1024 bytes (default: unchanged)", valueName: "json"))
    var metadata: String?
    @OptionGroup var options: AdminOptions

    func run() async throws {
        let reply = try await options.withClient { client in
            try await client.send(.PUT, resource.path, body: metadata.map { Array($0.utf8) })
        }
        if options.format == .json { return Terminal.show(json: reply.body) }
        let body: ResourceBody = try reply.decoded()
        let done = reply.status == 201 ? "added" : "exists"
        Terminal.say("\(body.name): \(done), \(body.used) of \(body.quota) \(body.kind)")
    }
}
