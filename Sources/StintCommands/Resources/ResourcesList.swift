// `stint resources list`.

import AdminClient
import ArgumentParser
import Foundation
import WireFormat

struct ResourcesList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List the use of each resource quota, or the names of one kind.")
    @Argument(help: "the account") var account: String
    @Argument(help: "a resource of the account's plan (default: count each)") var kind: String?
    @Option(help: "the most names, 1 to 1000") var limit = 1_000
    @Option(help: .init("start after this name", valueName: "name")) var after: String?
    @OptionGroup var options: AdminOptions

    func validate() throws {
        guard kind != nil || after == nil else {
            throw ValidationError("--after: needs a kind. Type: stint resources list ACCOUNT KIND")
        }
    }

    func run() async throws {
        if let kind { try await things(of: kind) } else { try await uses() }
    }

    private func uses() async throws {
        let reply = try await options.withClient {
            try await $0.get("v1", "accounts", account, "resources")
        }
        if options.format == .json { return Terminal.show(json: reply.body) }
        var table = Table(.text("KIND"), .number("USED"), .number("QUOTA"))
        for use in try reply.decoded(as: ResourceUses.self).resources {
            table.add(use.kind, String(use.used), String(use.quota))
        }
        Terminal.write("\(table)")
    }

    private func things(of kind: String) async throws {
        var query = ["limit": String(limit)]
        query["after"] = after
        let asked = query
        let reply = try await options.withClient {
            try await $0.get("v1", "accounts", account, "resources", kind, query: asked)
        }
        if options.format == .json { return Terminal.show(json: reply.body) }
        let page: ResourcePage = try reply.decoded()
        var table = Table(.text("NAME"), .text("METADATA"))
        for thing in page.names { table.add(thing.name, try thing.metadata.map(Self.text) ?? "") }
        Terminal.write("\(table)")
        Terminal.say("\(page.used) of \(page.quota) \(kind)")
        if let next = page.next { Terminal.say("there are more. Add: --after '\(next)'") }
    }

    private static func text(_ metadata: [String: JSONValue]) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(metadata), as: UTF8.self)
    }
}
