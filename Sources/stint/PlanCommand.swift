// `stint plan ...`: the plans of a running Stint, through its admin API.

import Accounting
import AdminClient
import ArgumentParser
import Foundation
import PlanText
import WireFormat

struct PlanCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plan", abstract: "List, show, put, delete and check plans.",
        subcommands: [List.self, Show.self, Put.self, Delete.self, Default.self, Check.self])
}

extension PlanCommand {
    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List every plan.")
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
                        "cannot be read: \(broken.joined(separator: ", ")). Type: stint plan put FILE")
            }
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Show one plan.")
        @Argument(help: "the plan's name") var name: String
        @OptionGroup var options: AdminOptions

        func run() async throws {
            let reply = try await options.withClient { try await $0.get("v1", "plans", name) }
            if options.format == .json { return Terminal.show(json: reply.body) }
            Terminal.write(try reply.decoded(as: PlanBody.self).text(revision: reply.etag))
        }
    }

    struct Put: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
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

    struct Delete: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Delete a plan that nobody has.")
        @Argument(help: "the plan's name") var name: String
        @Option(help: .init("only if it is still at this revision, which show tells", valueName: "revision"))
        var ifRevision: Int?
        @OptionGroup var options: AdminOptions

        func run() async throws {
            try await options.withClient { client in
                _ = try await client.delete("v1", "plans", name, ifMatch: ifRevision.map { "\"\($0)\"" })
            }
            if options.format == .text { Terminal.say("plan \(name): deleted") }
        }
    }

    struct Default: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Say which plan accounts have that have none of their own.")
        @Argument(help: "the plan's name") var name: String
        @OptionGroup var options: AdminOptions

        func run() async throws {
            let reply = try await options.withClient { client in
                try await client.put("v1", "default-plan", body: DefaultPlanBody(plan: name))
            }
            if options.format == .json { return Terminal.show(json: reply.body) }
            Terminal.say("plan \(name): is the default now")
        }
    }

    struct Check: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract:
                "Say whether a file is good, and warn of plans that never admit what is usually asked, without asking anybody."
        )
        @Argument(help: "a plan file, or one plan; - reads the standard input") var file: String

        func run() async throws {
            let plans = try PlanCommand.plans(in: file)
            Terminal.say("\(file): good: \(plans.map(\.name).joined(separator: ", "))")
            for plan in plans { PlanCommand.warn(plan.warnings, of: "\(file): plan \(plan.name)") }
        }
    }

    /// Says on the standard error what is good and yet never admits what is usually asked.
    static func warn(_ warnings: [some CustomStringConvertible], of what: String) {
        for warning in warnings { Terminal.complain("\(what): warning: \(warning)") }
    }

    /// - Throws: what is wrong, with file, line and column.
    fileprivate static func plans(in file: String) throws -> [Plan] {
        guard file == "-" else { return try PlanFile.plans(PlanSource.text(at: file), named: file) }
        let name = "standard input"
        return try PlanFile.plans(YAMLFile.text(from: .standardInput, named: name), named: name)
    }
}

extension AdminReply {
    /// Without its quotes.
    var revision: String { etag.map { $0.filter { $0 != "\"" } } ?? "unknown" }
}

extension PlanBody.Limit {
    /// `6000 executions/60 s`
    fileprivate var summary: String {
        let unit = meter == "executions" ? "executions" : "ms"
        let window = windowMs.isMultiple(of: 1_000) ? "\(windowMs / 1_000) s" : "\(windowMs) ms"
        return "\(amount) \(unit)/\(window)"
    }
}

extension PlanBody {
    /// For people.
    fileprivate func text(revision: String?) -> String {
        var parts: [String] = []
        var head = "plan \(printable(name))"
        if let revision { head += ", revision \(printable(revision.filter { $0 != "\"" }))" }
        head +=
            "\nsmallest grant \(minimumGrantMs) ms; when the ledger is away: \(printable(whenUnavailable))"
        parts.append(head)
        var limitTable = Table(
            .text("LIMIT"), .text("METER"), .number("AMOUNT"), .number("WINDOW MS"), .number("CELLS"))
        for limit in limits {
            limitTable.add(limit.name, limit.meter, "\(limit.amount)", "\(limit.windowMs)", "\(limit.cells)")
        }
        parts.append("\(limitTable)")
        if let kinds {
            var table = Table(
                .text("KIND"), .number("DURATION MS"), .number("MEMORY BYTES"), .number("PAYLOAD BYTES"))
            func cell(_ value: Int?) -> String { value.map(String.init) ?? "-" }
            for (kind, ceiling) in kinds.sorted(by: { $0.key < $1.key }) {
                table.add(
                    kind, cell(ceiling.maxDurationMs), cell(ceiling.memoryBytes), cell(ceiling.payloadBytes))
            }
            parts.append("\(table)")
        }
        if !resources.isEmpty {
            var table = Table(.text("RESOURCE"), .number("QUOTA"))
            for (kind, quota) in resources.sorted(by: { $0.key < $1.key }) { table.add(kind, "\(quota)") }
            parts.append("\(table)")
        }
        return parts.joined(separator: "\n\n")
    }
}
