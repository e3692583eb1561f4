// `stint account show`: the standing of an account, and its running executions.

import AdminClient
import ArgumentParser
import Foundation
import WireFormat

struct AccountShow: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Show an account's use of its limits, and its running executions.")
    @Argument(help: "the account") var account: String
    @OptionGroup var live: LiveOptions

    func run() async throws {
        try await live.show { client in
            try await client.get("v1", "accounts", account)
        } text: { (state: AccountBody) in
            Self.text(state)
        }
    }

    private static func text(_ state: AccountBody) -> String {
        let own = state.override == nil ? "" : ", with an override"
        var limits = Table(
            .text("LIMIT"), .number("USED"), .number("AMOUNT"), .number("LEFT"), .percent("%"),
            .number("WINDOW ms"))
        for limit in state.limits {
            limits.add(
                limit.name, String(limit.used), String(limit.amount), String(limit.remaining),
                String(limit.percent), String(limit.windowMs))
        }
        let running = "\(state.holds.isPartial == true ? "at least " : "")\(state.holds.count) running"
        var parts = [printable("account \(state.account), plan \(state.plan)\(own)"), "\(limits)", running]
        guard !state.holds.items.isEmpty else { return parts.joined(separator: "\n") }
        var held = Table(
            .text("ID"), .text("FUNCTION"), .text("KIND"), .text("ADMITTED"), .number("GRANTED ms"))
        for hold in state.holds.items {
            held.add(
                hold.id, hold.function ?? "", hold.kind ?? "", Date(ms: hold.admittedAt).text,
                String(hold.grantedMs))
        }
        parts.append("\(held)")
        if state.holds.count > state.holds.items.count { parts.append("and more") }
        return parts.joined(separator: "\n")
    }
}

extension Date {
    init(ms: Int) { self.init(timeIntervalSince1970: Double(ms) / 1_000) }

    /// For people: in UTC, to the ms.
    var text: String { formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true)) }
}
