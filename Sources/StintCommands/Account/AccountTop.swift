// `stint account top`: which accounts did the most.

import AdminClient
import ArgumentParser
import Foundation
import WireFormat

struct AccountTop: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "top",
        abstract:
            "List the busiest accounts: of the current and the previous minute, or of a range."
    )
    @Option(help: "by executions, execution-time, denials or percent") var sort = "executions"
    @Option(help: "the most accounts, 1 to 100") var limit = 10
    @OptionGroup var range: TimeRange
    @OptionGroup var live: LiveOptions

    func run() async throws {
        let query = range.query.merging(["sort": sort, "limit": String(limit)]) { $1 }
        try await live.show { client in
            try await client.get("v1", "accounts", query: query)
        } text: { (top: TopBody) in
            var table = Table(.text("ACCOUNT"), .number(top.sort.uppercased()), .percent("% NOW"))
            for one in top.accounts {
                table.add(one.account, String(one.value), one.percent.map { String($0) } ?? "")
            }
            return "\(table)"
        }
    }
}
