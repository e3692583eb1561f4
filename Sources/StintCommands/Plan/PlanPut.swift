// `stint plan put`.

import Accounting
import AdminClient
import ArgumentParser
import PlanText
import WireFormat

struct PlanPut: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "put",
        abstract: "Make plans, or change them.",
        discussion: """
            FILE is a plan file (docs/OPERATIONS.md), whose plans are all put, or one plan in the form that \
            stint plan show --format json prints. The default plan stays what it is; see stint plan default.
            """)
    @Argument(help: "YAML or JSON; - reads the standard input") var file: String
    @Option(
        help: .init(
            "only if the one plan is still at this revision, which show tells", valueName: "revision"))
    var ifRevision: Int?
    @OptionGroup var options: AdminOptions

    func run() async throws {
        let plans = try PlanCommand.plans(in: file)
        if ifRevision != nil, plans.count != 1 {
            throw ValidationError("--if-revision: is for one plan, and \(file) has \(plans.count)")
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
                        "plan \(plan.name): \(reply.status == 201 ? "made" : "put"), revision \(reply.revision)"
                    )
                }
                PlanCommand.warn(plan.warnings, of: "plan \(plan.name)")
            }
        }
    }
}
