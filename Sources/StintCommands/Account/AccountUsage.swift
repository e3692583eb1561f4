// `stint account usage`: the rollups of an account, per minute or per hour.

import AdminClient
import ArgumentParser
import Foundation
import WireFormat

struct AccountUsage: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "usage",
        abstract: "Show the usage of an account over time, and by function.",
        discussion:
            "Minutes are kept for 48 hours, hours for 90 days. Those without activity are left out.")
    @Argument(help: "the account") var account: String
    @Option(help: "minute or hour") var step = "minute"
    @Option(help: "only this function") var function: String?
    @OptionGroup var range: TimeRange
    @OptionGroup var live: LiveOptions

    func run() async throws {
        let query = range.query.merging(
            ["step": step, "function": function].compactMapValues { $0 }, uniquingKeysWith: { $1 })
        try await live.show { client in
            try await client.get("v1", "accounts", account, "usage", query: query)
        } text: { (usage: UsageBody) in
            Self.text(usage)
        }
    }

    private static func text(_ usage: UsageBody) -> String {
        let limits = Set(usage.points.flatMap(\.peakPercent.keys)).sorted()
        var points = Table(
            [.text("FROM"), .number("EXECUTIONS"), .number("USED ms"), .number("ERRORS"), .text("DENIED")]
                + limits.map { .percent("% \($0)") })
        for point in usage.points {
            points.add(
                [
                    Date(ms: point.at).text, String(point.executions), String(point.executionMs),
                    String(point.errors), denials(point.denials),
                ] + limits.map { point.peakPercent[$0].map { String($0) } ?? "" })
        }
        var functions = Table(
            .text("FUNCTION"), .number("EXECUTIONS"), .number("USED ms"), .number("ERRORS"), .text("DENIED"))
        for function in usage.functions {
            functions.add(
                function.function, String(function.executions), String(function.executionMs),
                String(function.errors), denials(function.denials))
        }
        return "\(points)\n\n\(functions)"
    }

    /// `executions 3, execution-time 1`
    private static func denials(_ denials: [String: Int]) -> String {
        denials.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", ")
    }
}

/// A range of time. Both ends are optional.
struct TimeRange: ParsableArguments {
    @Option(help: .init("from this instant on, in ms since 1970", valueName: "ms")) var from: Int?
    @Option(help: .init("before this instant (default: now)", valueName: "ms")) var to: Int?

    var query: [String: String] { ["from": from, "to": to].compactMapValues { $0.map { String($0) } } }
}
