// `stint plan list`.

import AdminClient
import ArgumentParser
import StintService
import WireFormat

struct PlanList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List every plan.")
    @OptionGroup var options: AdminOptions

    func run() async throws {
        let reply = try await options.withClient { try await $0.get("v1", "plans") }
        if options.format == .json { return Terminal.show(json: reply.body) }
        let list: PlanListBody = try reply.decoded()
        var table = Table(.text("PLAN"), .text("LIMITS"), .text("KINDS"), .text("RESOURCES"))
        for plan in list.plans {
            table.add(
                plan.name == list.default ? "\(plan.name) (default)" : plan.name,
                plan.limits.map(\.summary).joined(separator: ", "),
                plan.kinds.map { $0.keys.sorted().joined(separator: ", ") } ?? "any",
                plan.resources.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }.joined(
                    separator: ", "))
        }
        Terminal.write("\(table)")
        if let broken = list.broken {
            throw StartError(
                description:
                    "invalid plans in Redis: \(broken.joined(separator: ", ")). Type: stint plan put FILE")
        }
    }
}
