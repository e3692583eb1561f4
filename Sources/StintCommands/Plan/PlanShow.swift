// `stint plan show`.

import Accounting
import AdminClient
import ArgumentParser
import PlanText
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
        let body = try reply.decoded(as: PlanBody.self)
        var text = body.text(revision: reply.etag)
        if case .admitShare = body.whenUnavailable,
            let overUse = try PlanFile.plan(json: body.text).share?.overUse
        {
            let processes = try await options.withClient { try await $0.get("v1", "processes") }
                .decoded(as: ProcessesBody.self).processes
            text +=
                "\n\nif the ledger cannot answer: \(overUse.text(processes: 1)) per process, "
                + "\(overUse.text(processes: processes)) by all (processes known: \(processes))"
        }
        Terminal.write(text)
    }
}
