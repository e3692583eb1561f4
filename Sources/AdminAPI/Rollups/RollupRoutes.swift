// The routes of rollups and rankings.

import Accounting
import ControlStore
import HTTPTypes
import Hummingbird
import WireFormat

struct RollupRoutes: Sendable {
    /// The most accounts of a ranking. Each costs a question to the ledger.
    static let maximumRanked = 100

    let controlPlane: ControlPlane

    static func table(_ controlPlane: ControlPlane) -> [AdminRoutes.Route] {
        let routes = RollupRoutes(controlPlane: controlPlane)
        return [
            AdminRoutes.Route(.get, "/v1/accounts", respond: routes.top),
            AdminRoutes.Route(.get, "/v1/accounts/:account/usage", respond: routes.usage),
        ]
    }

    private func usage(_ request: AdminRequest) async throws -> Response {
        let query = try request.query("from", "to", "step", "function")
        let account = try request.account
        let step: RollupStep = try query.choice("step") ?? .minute
        let function = try query.text("function", rule: BodyField.function.rule)
        let rollups = try controlPlane.neededControlStore.rollups
        let (from, to) = try await range(
            query, rollups, default: step == .minute ? 3_600_000 : 86_400_000, maximum: step.keptMs)
        return try .json(
            await UsageBody.read(rollups, account, from: from, to: to, step: step, function: function))
    }

    private func top(_ request: AdminRequest) async throws -> Response {
        let query = try request.query("sort", "from", "to", "limit")
        let measure: RankingKey = try query.choice("sort") ?? .executions
        let limit = try query.integer("limit", in: 1...Self.maximumRanked) ?? 10
        let rollups = try controlPlane.neededControlStore.rollups
        let (from, to) = try await range(
            query, rollups, default: TopBody.nowMs, maximum: RollupStep.hour.keptMs)
        return try .json(
            await TopBody.read(rollups, by: measure, from: from, to: to, limit: limit, controlPlane))
    }

    /// The range of a query. The end defaults to now, the start to `length` before the end.
    private func range(
        _ query: AdminQuery, _ rollups: Rollups, default length: Int, maximum: Int
    ) async throws -> (from: Timestamp, to: Timestamp) {
        let instants = 0...1 << 43
        let (asked, until) = (try query.integer("from", in: instants), try query.integer("to", in: instants))
        let to: Int
        if let until { to = until } else { to = try await rollups.now.ms + 1 }
        let from = asked ?? max(0, to - length)
        guard from <= to else {
            throw Problem(.malformedParameter, detail: "from: must not be after to")
        }
        guard to - from <= maximum else {
            throw Problem(
                .malformedParameter,
                detail: "from: must be at most \(maximum) ms before to, which is how long Stint keeps these")
        }
        return (Timestamp(ms: from), Timestamp(ms: to))
    }
}

extension UsageBody {
    /// - Throws: `RedisError`.
    static func read(
        _ rollups: Rollups, _ account: Account, from: Timestamp, to: Timestamp, step: RollupStep,
        function: String? = nil
    ) async throws -> UsageBody {
        let course = try await rollups.history(
            of: account, from: from, to: to, step: step, function: function)
        let functions = course.functions.sorted {
            ($1.value.executions, $0.key) < ($0.value.executions, $1.key)
        }
        return UsageBody(
            account: account.name, from: from.ms, to: to.ms, step: step.rawValue, function: function,
            points: course.points.map { point in
                Point(
                    at: point.start.ms, executions: point.activity.executions,
                    executionMs: point.activity.executionTimeMs,
                    errors: point.activity.errors, denials: point.activity.denials,
                    peakPercent: point.peakPercent)
            },
            functions: functions.map { name, activity in
                Function(
                    function: name, executions: activity.executions, executionMs: activity.executionTimeMs,
                    errors: activity.errors, denials: activity.denials)
            })
    }
}

extension TopBody {
    /// The length of *now*: the current minute and the previous one.
    static let nowMs = 2 * RollupStep.minute.lengthMs

    /// Reads a ranking. If the ledger cannot answer, accounts have no percent.
    /// - Throws: `RedisError`.
    static func read(
        _ rollups: Rollups, by measure: RankingKey, from: Timestamp, to: Timestamp, limit: Int,
        _ controlPlane: ControlPlane
    ) async throws -> TopBody {
        let ranked = try await rollups.top(by: measure, from: from, to: to, limit: limit)
        let plans = controlPlane.planBook()
        var accounts: [Account] = []
        // A ledger that did not answer is not asked again: each question would take its deadline.
        var ledger = controlPlane.ledger
        for one in ranked {
            var percent: Int?
            do {
                percent = try await ledger?.standing(one.account, plans.plan(of: one.account)).greatestPercent
            } catch is LedgerError {
                ledger = nil
            }
            accounts.append(Account(account: one.account.name, value: one.amount, percent: percent))
        }
        return TopBody(sort: measure.rawValue, from: from.ms, to: to.ms, accounts: accounts)
    }
}
