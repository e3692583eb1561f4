// The routes of plans, overrides and the audit log. The script in Redis decides which changes are
// allowed; this file translates the results to HTTP.

import Accounting
import ControlStore
import HTTPTypes
import Hummingbird
import PlanText
import WireFormat

extension AdminRoutes {
    static func plans(_ controlPlane: ControlPlane) -> [Route] {
        let routes = PlanRoutes(controlPlane: controlPlane)
        return [
            Route(.get, "/v1/plans", respond: routes.list),
            Route(.get, "/v1/plans/:plan", respond: routes.plan),
            Route(.put, "/v1/plans/:plan", respond: routes.putPlan),
            Route(.delete, "/v1/plans/:plan", respond: routes.deletePlan),
            Route(.put, "/v1/default-plan", respond: routes.setDefault),
            Route(.get, "/v1/processes", respond: routes.processes),
            Route(.get, "/v1/audit", respond: routes.changes),
            Route(.get, "/v1/accounts/:account/override", respond: routes.override),
            Route(.put, "/v1/accounts/:account/override", respond: routes.putOverride),
            Route(.delete, "/v1/accounts/:account/override", respond: routes.deleteOverride),
        ]
    }
}

private struct PlanRoutes: Sendable {
    let controlPlane: ControlPlane
    private var store: PlanStore { get throws { try controlPlane.neededControlStore.plans } }

    // MARK: Plans

    func list(_ request: AdminRequest) async throws -> Response {
        _ = try request.query()
        return try await .json(store.list())
    }

    func plan(_ request: AdminRequest) async throws -> Response {
        _ = try request.query()
        let name = try request.segment("plan")
        guard let kept = try await store.plan(name) else { throw Problem.noPlan(name) }
        return try .json(PlanBody(kept.value), revision: kept.revision)
    }

    func putPlan(_ request: AdminRequest) async throws -> Response {
        _ = try request.query()
        let name = try request.segment("plan")
        let text = try await request.json()
        let plan = try reading { try PlanFile.plan(json: text, named: name) }
        let outcome = try await store.put(plan, if: request.precondition, by: request.actor)
        var body = PlanBody(plan)
        body.warnings = Self.render(plan.warnings)
        let (revision, isNew) = try await revision(of: outcome, about: .noPlan(name))
        return try .json(body, status: isNew ? .created : .ok, revision: revision)
    }

    func deletePlan(_ request: AdminRequest) async throws -> Response {
        _ = try request.query()
        let name = try request.segment("plan")
        let outcome = try await store.deletePlan(name, if: request.precondition, by: request.actor)
        _ = try await revision(of: outcome, about: .noPlan(name))
        return .done
    }

    func setDefault(_ request: AdminRequest) async throws -> Response {
        _ = try request.query()
        let body = try await request.body(DefaultPlanBody.self)
        let outcome = try await store.setDefault(body.plan, by: request.actor)
        _ = try await revision(of: outcome, about: .noPlan(body.plan))
        return try .json(body)
    }

    func processes(_ request: AdminRequest) async throws -> Response {
        _ = try request.query()
        let count = try await controlPlane.neededControlStore.processes.count()
        return try .json(ProcessesBody(processes: max(1, count)))
    }

    // MARK: Overrides

    func override(_ request: AdminRequest) async throws -> Response {
        _ = try request.query()
        let account = try request.account
        guard let kept = try await store.override(of: account) else { throw Problem.noOverride(account) }
        return try .json(OverrideBody(kept.value), revision: kept.revision)
    }

    func putOverride(_ request: AdminRequest) async throws -> Response {
        _ = try request.query()
        let account = try request.account
        let text = try await request.json()
        let override = try reading { try PlanFile.override(json: text) }
        let outcome: PlanOutcome
        do {
            outcome = try await store.put(
                override, of: account, if: request.precondition, by: request.actor)
        } catch let error as PlanError {
            throw Problem(invalid: error.field, error.description)
        }
        let (revision, isNew) = try await revision(of: outcome, about: .noOverride(account))
        var body = OverrideBody(override)
        body.warnings = Self.render(controlPlane.planBook().plan(of: account).warnings)
        return try .json(body, status: isNew ? .created : .ok, revision: revision)
    }

    func deleteOverride(_ request: AdminRequest) async throws -> Response {
        _ = try request.query()
        let account = try request.account
        let outcome = try await store.deleteOverride(
            of: account, if: request.precondition, by: request.actor)
        _ = try await revision(of: outcome, about: .noOverride(account))
        return .done
    }

    // MARK: The log

    func changes(_ request: AdminRequest) async throws -> Response {
        let query = try request.query("limit", "before")
        let before = try query.text("before", maximumBytes: 41)
        if let before, before.wholeMatch(of: /\d{1,19}-\d{1,19}/) == nil {
            throw Problem(
                .malformedParameter, detail: "before: must be the id of a change, such as 1770000000000-0")
        }
        // Redis refuses a range before the first possible id of a stream, and nothing is before it.
        if let before, before.allSatisfy({ $0 == "0" || $0 == "-" }) {
            _ = try store
            return try .json(ChangesBody(changes: [], next: nil))
        }
        return try await .json(store.changes(before: before, limit: query.limit()))
    }

    // MARK: Results

    /// Turns the errors of reading a body into problems.
    private func reading<Value>(_ read: () throws -> Value) throws -> Value {
        do {
            return try read()
        } catch let error as JSONError {
            throw Problem(.malformedJSON, detail: "\(error)")
        } catch let error as YAMLError {
            throw Problem(invalid: error.field, "line \(error.line), column \(error.column): \(error.reason)")
        }
    }

    private static func render(_ warnings: [PlanWarning]) -> [String]? {
        warnings.isEmpty ? nil : warnings.map(\.description)
    }

    /// The revision of a change. When this returns, the change is in force in this process.
    /// - Parameters:
    ///   - outcome: the store's result.
    ///   - missing: the problem if the thing does not exist.
    private func revision(
        of outcome: PlanOutcome, about missing: Problem
    ) async throws -> (revision: Int, isNew: Bool) {
        switch outcome {
        case .done(let revision, let isNew):
            await controlPlane.plansChanged()
            return (revision, isNew)
        case .refused(.absent): throw missing
        case .refused(let refusal): throw Problem(refusal)
        }
    }
}

extension Problem {
    fileprivate static func noPlan(_ name: String) -> Problem {
        Problem(.notFound, detail: "unknown plan '\(name)'")
    }

    fileprivate static func noOverride(_ account: Account) -> Problem {
        Problem(.notFound, detail: "the account '\(account)' has no override")
    }

    fileprivate init(invalid field: String, _ detail: String) {
        self.init(.invalidPlan, detail: detail)
        self.field = field.isEmpty ? nil : field
    }

    fileprivate init(_ refusal: PlanRefusal) {
        switch refusal {
        case .preconditionFailed:
            self.init(
                .preconditionFailed,
                detail: "it was changed meanwhile, or is missing; read it again and repeat with its ETag")
        case .absent: self.init(.notFound, detail: "it is missing")
        case .isDefault:
            self.init(.planInUse, detail: "it is the default plan; make another one the default first")
        case .isUsed(let accounts):
            self.init(.planInUse, detail: "\(accounts) account\(accounts == 1 ? " has" : "s have") this plan")
        case .tooMany: self.init(.invalidPlan, detail: "the maximum number exists already: delete one first")
        case .unknownPlan: self.init(invalid: "plan", "plan: unknown plan")
        case .hasExpired: self.init(invalid: "expiresAt", "expiresAt: must be in the future")
        case .notExpired: self.init(.internalError, detail: "it has not expired")
        }
    }
}
