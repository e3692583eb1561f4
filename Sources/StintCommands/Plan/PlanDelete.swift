// `stint plan delete`.

import AdminClient
import ArgumentParser

struct PlanDelete: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete",
        abstract: "Delete a plan that no account has.")
    @Argument(help: "the plan's name") var name: String
    @Option(
        help: .init("only if the plan still has this revision; see stint plan show", valueName: "revision"))
    var ifRevision: Int?
    @OptionGroup var options: AdminOptions

    func run() async throws {
        try await options.withClient { client in
            _ = try await client.delete("v1", "plans", name, ifMatch: ifRevision.map { "\"\($0)\"" })
        }
        if options.format == .text { Terminal.say("plan \(name): deleted") }
    }
}
