// `stint account show`: where an account stands now, and what it has running.

import ArgumentParser
import Foundation
import QuotaClient
import WireFormat

struct ShowAccount: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Show where an account stands, and what it has running.")
    @Argument(help: "whose") var account: String
    @OptionGroup var options: AdminOptions

    func run() async throws {
        let reply = try await options.withClient { try await $0.get("v1", "accounts", account) }
        if options.format == .json { return try AdminOptions.write(reply.body) }
        let state: AccountBody = try reply.decoded()
        print(
            "account \(state.account), plan \(state.plan)\(state.override == nil ? "" : ", with an override")"
        )
        var limits = Table(
            .text("LIMIT"), .number("USED"), .number("AMOUNT"), .number("LEFT"), .number("%"),
            .number("WINDOW ms"))
        for limit in state.limits {
            limits.add(
                limit.name, String(limit.used), String(limit.amount), String(limit.remaining),
                String(limit.percent), String(limit.windowMs))
        }
        print(limits)
        print("\(state.holds.isPartial == true ? "at least " : "")\(state.holds.count) running")
        guard !state.holds.items.isEmpty else { return }
        var held = Table(
            .text("ID"), .text("FUNCTION"), .text("KIND"), .text("ADMITTED"), .number("GRANTED ms"))
        for hold in state.holds.items {
            held.add(
                hold.id, hold.function ?? "", hold.kind ?? "", Date(ms: hold.admittedAt).text,
                String(hold.grantedMs))
        }
        print(held)
        if state.holds.count > state.holds.items.count { print("and more") }
    }
}

extension Date {
    init(ms: Int) { self.init(timeIntervalSince1970: Double(ms) / 1_000) }

    /// For people: in UTC, to the ms.
    var text: String { formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true)) }
}
