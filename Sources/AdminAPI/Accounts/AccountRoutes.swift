// One account over HTTP: its standing and holds, its execution log, and forgetting its charges.

import Accounting
import ControlStore
import Foundation
import HTTPTypes
import Hummingbird
import PlanText
import WireFormat

struct AccountRoutes: Sendable {
    /// The most holds in a reply.
    static let maximumHolds = 100

    let controlPlane: ControlPlane

    static func table(_ controlPlane: ControlPlane) -> [AdminRoutes.Route] {
        let routes = AccountRoutes(controlPlane: controlPlane)
        return [
            AdminRoutes.Route(.get, "/v1/accounts/:account", respond: routes.state),
            AdminRoutes.Route(.get, "/v1/accounts/:account/executions", respond: routes.executions),
            AdminRoutes.Route(.delete, "/v1/accounts/:account/usage", respond: routes.forget),
        ]
    }

    private func state(_ request: AdminRequest) async throws -> Response {
        _ = try request.query()
        return try await .json(state(of: request.account))
    }

    func state(of account: Account) async throws -> AccountBody {
        let (ledger, controlStore) = (try controlPlane.neededLedger, try controlPlane.neededControlStore)
        let plan = controlPlane.planBook().plan(of: account)
        let standing = try await standing(of: account, under: plan, ledger)
        let holds = try await ledger.holds(account, Self.maximumHolds)
        let override = try await controlStore.plans.override(of: account)?.value
        return AccountBody(
            account: account.name, plan: plan.name, override: override.map(OverrideBody.init),
            limits: standing.uses, holds: AccountBody.Holds(holds))
    }

    private func executions(_ request: AdminRequest) async throws -> Response {
        let query = try request.query("function", "outcome", "from", "to", "limit", "before")
        let account = try request.account
        let instants = 0...1 << 43
        let filter = ExecutionLog.Filter(
            function: try query.text("function", rule: BodyField.function.rule),
            outcome: try query.choice("outcome"),
            from: try query.integer("from", in: instants).map(Timestamp.init),
            to: try query.integer("to", in: instants).map(Timestamp.init))
        let limit = try query.limit()
        var before: StreamID?
        if let text = try query.text("before", maximumBytes: 33) {
            before = StreamID(text)
            guard before != nil else {
                throw Problem(
                    .malformedParameter, detail: "before: must be the next of an earlier page")
            }
        }
        _ = try controlPlane.neededControlStore
        // Turns expired holds into rows first.
        _ = try await controlPlane.neededLedger.holds(account, 0)
        return try await .json(log(of: account, filter, before: before, limit: limit))
    }

    func log(
        of account: Account, _ filter: ExecutionLog.Filter = ExecutionLog.Filter(), before: StreamID? = nil,
        limit: Int
    ) async throws -> ExecutionsBody {
        let plan = controlPlane.planBook().plan(of: account)
        let page = try await controlPlane.neededControlStore.executions.page(
            of: account, filter, before: before, limit: limit)
        return ExecutionsBody(
            executions: page.rows.map { ExecutionsBody.Execution($0, under: plan) },
            next: page.next?.description)
    }

    private func forget(_ request: AdminRequest) async throws -> Response {
        _ = try request.query()
        let account = try request.account
        let (ledger, controlStore) = (try controlPlane.neededLedger, try controlPlane.neededControlStore)
        let plan = controlPlane.planBook().plan(of: account)
        let standing = try await standing(of: account, under: plan, ledger)
        let used = Dictionary(uniqueKeysWithValues: standing.uses.map { ($0.name, $0.used) })
        try await controlStore.note(
            "forget usage \(account)", by: request.actor,
            before: String(decoding: Response.encoder.encode(used), as: UTF8.self))
        try await ledger.forget(account, plan)
        return .done
    }

    private func standing(
        of account: Account, under plan: Plan, _ ledger: LedgerAccess
    ) async throws -> Standing {
        do {
            return try await ledger.standing(account, plan)
        } catch let error as LedgerError {
            throw Problem(
                .temporaryReducedCapacity, detail: "the ledger cannot answer now (\(error.reason))")
        }
    }
}

extension Standing {
    fileprivate var uses: [AccountBody.Use] {
        plan.limits.indices.map { index in
            let limit = plan.limits[index]
            return AccountBody.Use(
                name: limit.name, meter: limit.meter.rawValue, amount: limit.amount, used: used(of: index),
                remaining: remaining(of: index), windowMs: limit.window.lengthMs,
                percent: percent(of: index))
        }
    }
}

extension AccountBody.Holds {
    fileprivate init(_ held: HeldExecutions) {
        self.init(
            count: held.count, isPartial: held.isPartial ? true : nil,
            items: held.items.map { item in
                AccountBody.Held(
                    id: item.id, function: item.label?.function, kind: item.label?.kind,
                    admittedAt: item.grant.admittedAt.ms, grantedMs: item.grant.durationMs,
                    deadline: item.grant.deadline.ms)
            })
    }
}

extension ExecutionsBody.Execution {
    fileprivate init(_ row: LoggedExecution, under plan: Plan) {
        let ceiling = plan.kinds?[row.label.kind]?.maxDurationMs
        self.init(
            id: row.id, function: row.label.function, kind: row.label.kind, at: row.at.ms,
            admittedAt: row.admittedAt.ms, grantedMs: row.grantedMs, durationMs: row.durationMs,
            outcome: row.outcome?.rawValue, memoryBytes: row.memoryBytes, overrunMs: row.overrunMs,
            overCeiling: ceiling.map { row.durationMs > $0 } ?? false)
    }
}
