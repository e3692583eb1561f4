// `stint plan default`.

import AdminClient
import ArgumentParser
import WireFormat

struct PlanDefault: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "default",
        abstract: "Set the default plan, for all accounts whose override names no other.")
    @Argument(help: "the plan's name") var name: String
    @OptionGroup var options: AdminOptions

    func run() async throws {
        let reply = try await options.withClient { client in
            try await client.put("v1", "default-plan", body: DefaultPlanBody(plan: name))
        }
        if options.format == .json { return Terminal.show(json: reply.body) }
        Terminal.say("plan \(name): is now the default")
    }
}
