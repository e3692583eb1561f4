// `stint plan show`.

import AdminClient
import ArgumentParser
import WireFormat

struct PlanShow: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Show one plan.")
    @Argument(help: "the plan's name") var name: String
    @OptionGroup var options: AdminOptions

    func run() async throws {
        let reply = try await options.withClient { try await $0.get("v1", "plans", name) }
        if options.format == .json { return Terminal.show(json: reply.body) }
        Terminal.write(try reply.decoded(as: PlanBody.self).text(revision: reply.etag))
    }
}
