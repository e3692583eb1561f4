// `stint plan put`.

import Accounting
import AdminClient
import ArgumentParser
import PlanText
import WireFormat

struct PlanPut: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "put",
        abstract: "Create or change plans.",
        discussion: """
            FILE is a plan file (docs/OPERATIONS.md) or one plan in the form that stint plan show --format json prints. \
            All plans of a plan file are put. The default plan stays the same; see stint plan default.
            """)
    @Argument(help: "YAML or JSON; - reads the standard input") var file: String
    @Option(
        help: .init(
            "only if the plan still has this revision; see stint plan show", valueName: "revision"))
    var ifRevision: Int?
    @OptionGroup var options: AdminOptions

    func run() async throws {
        let plans = try PlanCommand.plans(in: file)
        if ifRevision != nil, plans.count != 1 {
            throw ValidationError("--if-revision: needs a file with one plan, and \(file) has \(plans.count)")
        }
        try await options.withClient { client in
            for plan in plans {
                let reply = try await client.put(
                    "v1", "plans", plan.name, body: PlanBody(plan),
                    ifMatch: ifRevision.map { "\"\($0)\"" })
                if options.format == .json {
                    Terminal.show(json: reply.body)
                } else {
                    Terminal.say(
                        "plan \(plan.name): \(reply.status == 201 ? "created" : "changed"), revision \(reply.revision)"
                    )
                }
                PlanCommand.warn(plan.warnings, of: "plan \(plan.name)")
            }
        }
    }
}
