// `stint account log`: what became of an account's executions.

import ArgumentParser
import Foundation
import QuotaClient
import WireFormat

struct ShowLog: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "log", abstract: "List what became of an account's executions, newest first.")
    @Argument(help: "whose") var account: String
    @Option(help: "only of this function") var function: String?
    @Option(help: "only those that ended so: ok, error, timeout, not-started or expired")
    var outcome: String?
    @Option(help: .init("settled at this instant or later, in ms since 1970", valueName: "ms")) var from: Int?
    @Option(help: .init("settled before this instant", valueName: "ms")) var to: Int?
    @Option(help: "rows at most, 1 to 1000") var limit = 100
    @Option(help: .init("go on where a page ended", valueName: "next")) var before: String?
    @OptionGroup var options: AdminOptions

    func run() async throws {
        var query = ["limit": String(limit)]
        query["function"] = function
        query["outcome"] = outcome
        query["from"] = from.map { String($0) }
        query["to"] = to.map { String($0) }
        query["before"] = before
        let asked = query
        let reply = try await options.withClient {
            try await $0.get("v1", "accounts", account, "executions", query: asked)
        }
        if options.format == .json { return try AdminOptions.write(reply.body) }
        let page: ExecutionsBody = try reply.decoded()
        var table = Table(
            .text("ENDED"), .text("ID"), .text("FUNCTION"), .text("KIND"), .text("OUTCOME"),
            .number("GRANTED ms"), .number("USED ms"), .number("MEMORY"), .text("OVER"))
        for row in page.executions {
            let over = row.overCeiling ? "ceiling" : row.overrunMs > 0 ? "grant" : ""
            table.add(
                Date(ms: row.at).text, row.id, row.function ?? "", row.kind, row.outcome ?? "",
                String(row.grantedMs), String(row.durationMs), row.memoryBytes.map { String($0) } ?? "", over)
        }
        print(table)
        if let next = page.next { print("there may be more. Add: --before \(next)") }
    }
}
