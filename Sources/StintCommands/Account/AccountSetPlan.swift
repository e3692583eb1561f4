// `stint account set-plan`: the override of an account, for a time or until it is removed.

import AdminClient
import ArgumentParser
import Foundation
import WireFormat

struct AccountSetPlan: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "set-plan",
        abstract: "Set or remove the override of an account: another plan, other amounts, or both.",
        usage: """
            stint account set-plan ACCOUNT [--plan PLAN] [--amount LIMIT=AMOUNT ...] [--for 3d | --until TIME]
            stint account set-plan ACCOUNT --remove
            """,
        discussion: """
            The override replaces an earlier one. --for and --until use this machine's clock to compute the end; Redis' \
            clock decides when it is reached.
            """)

    @Argument(help: "the account")
    var account: String

    @Option(help: .init("the plan (default: the default plan)", valueName: "plan"))
    var plan: String?

    @Option(
        help: .init(
            "the amount of a limit, such as executions=12000; may be repeated", valueName: "limit=amount"
        ),
        transform: AccountSetPlan.amount)
    var amount: [(limit: String, amount: Int)] = []

    @Option(
        name: .customLong("for"), help: .init("for how long: 90s, 30m, 12h, 3d or 2w", valueName: "time"),
        transform: AccountSetPlan.duration)
    var duration: Duration?

    @Option(
        help: .init("until when: 2026-02-01T00:00:00Z", valueName: "time"), transform: AccountSetPlan.instant)
    var until: Date?

    @Flag(help: "remove the override")
    var remove = false

    @OptionGroup
    var options: AdminOptions

    func validate() throws {
        if remove {
            guard plan == nil, amount.isEmpty, duration == nil, until == nil else {
                throw ValidationError("--remove: no other option may be given with it")
            }
        } else if plan == nil, amount.isEmpty {
            throw ValidationError(
                "missing: what to set. Type for example: --plan pro, or --amount executions=12000")
        }
        if duration != nil, until != nil { throw ValidationError("--for, --until: give only one of the two") }
        let limits = amount.map(\.limit)
        if Set(limits).count != limits.count { throw ValidationError("--amount: duplicate limit") }
    }

    func run() async throws {
        if remove {
            _ = try await options.withClient {
                try await $0.delete("v1", "accounts", account, "override")
            }
            if options.format == .text { Terminal.say("account \(account): override removed") }
            return
        }
        let body = self.body
        let reply = try await options.withClient {
            try await $0.put("v1", "accounts", account, "override", body: body)
        }
        let warnings = try reply.decoded(as: OverrideBody.self).warnings ?? []
        PlanCommand.warn(warnings, of: "account \(account)")
        if options.format == .json { return Terminal.show(json: reply.body) }
        var facts = ["account \(account): plan \(body.plan ?? "as default")"]
        facts += (body.amounts ?? [:]).sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
        if let ms = body.expiresAt {
            facts.append("until \(Date(timeIntervalSince1970: Double(ms) / 1_000).formatted(.iso8601))")
        }
        Terminal.say(facts.joined(separator: ", "))
    }

    private var body: OverrideBody {
        var end = until
        if let duration { end = Date(timeIntervalSinceNow: duration / .seconds(1)) }
        return OverrideBody(
            plan: plan,
            amounts: amount.isEmpty
                ? nil : Dictionary(uniqueKeysWithValues: amount.map { ($0.limit, $0.amount) }),
            expiresAt: end.map { Int(($0.timeIntervalSince1970 * 1_000).rounded()) })
    }

    // MARK: Arguments

    static func amount(_ text: String) throws -> (limit: String, amount: Int) {
        let parts = text.split(separator: "=", maxSplits: 1)
        guard parts.count == 2, let number = Int(parts[1]) else {
            throw ValidationError("must be LIMIT=AMOUNT, such as executions=12000, not '\(text)'")
        }
        return (String(parts[0]), number)
    }

    static func duration(_ text: String) throws -> Duration {
        let seconds: [Character: Int] = ["s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800]
        guard let unit = text.last.flatMap({ seconds[$0] }), let count = Int(text.dropLast()),
            (1...1_000_000).contains(count)
        else { throw ValidationError("must be a number with s, m, h, d or w, such as 3d, not '\(text)'") }
        return .seconds(count * unit)
    }

    static func instant(_ text: String) throws -> Date {
        do {
            let date = try Date(text, strategy: .iso8601)
            guard (0...8e9).contains(date.timeIntervalSince1970) else {
                throw ValidationError("must be in the years 1970 to 2223")
            }
            return date
        } catch is CocoaError {
            throw ValidationError("must be a time such as 2026-02-01T00:00:00Z, not '\(text)'")
        }
    }
}
