// `stint account log`: the execution log of an account.

import AdminClient
import ArgumentParser
import Foundation
import WireFormat

struct AccountLog: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "log", abstract: "List the ended executions of an account, newest first.")
    @Argument(help: "the account") var account: String
    @Option(help: "only executions of this function") var function: String?
    @Option(help: "only this outcome: ok, error, timeout, not-started or expired")
    var outcome: String?
    @Option(help: "the most rows, 1 to 1000") var limit = 100
    @Option(help: .init("continue after the previous page", valueName: "next")) var before: String?
    @OptionGroup var range: TimeRange
    @OptionGroup var live: LiveOptions

    func run() async throws {
        var query = range.query
        query["limit"] = String(limit)
        query["function"] = function
        query["outcome"] = outcome
        query["before"] = before
        let asked = query
        try await live.show { client in
            try await client.get("v1", "accounts", account, "executions", query: asked)
        } text: { (page: ExecutionsBody) in
            Self.text(page)
        }
    }

    private static func text(_ page: ExecutionsBody) -> String {
        var table = Table(
            .text("ENDED"), .text("ID"), .text("FUNCTION"), .text("KIND"), .text("OUTCOME"),
            .number("GRANTED ms"), .number("USED ms"), .number("MEMORY"), .text("OVER"))
        for row in page.executions {
            let over = row.overCeiling ? "ceiling" : row.overrunMs > 0 ? "grant" : ""
            table.add(
                Date(ms: row.at).text, row.id, row.function ?? "", row.kind, row.outcome ?? "",
                String(row.grantedMs), String(row.durationMs), row.memoryBytes.map { String($0) } ?? "", over)
        }
        return "\(table)" + (page.next.map { "\nthere may be more. Add: --before \(printable($0))" } ?? "")
    }
}
