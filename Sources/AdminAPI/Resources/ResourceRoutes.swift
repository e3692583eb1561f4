// Resource quotas over HTTP: registers the resources of accounts, within the quotas of their plans.

import Accounting
import ControlStore
import Foundation
import HTTPTypes
import Hummingbird
import WireFormat

struct ResourceRoutes: Sendable {
    let store: ResourceStore
    /// The plans in force.
    let planBook: @Sendable () -> PlanBook

    static func table(_ controlPlane: ControlPlane) -> [AdminRoutes.Route] {
        typealias Respond = @Sendable (ResourceRoutes, AdminRequest) async throws -> Response
        func route(_ method: HTTPRequest.Method, _ path: String, _ respond: @escaping Respond)
            -> AdminRoutes.Route
        {
            AdminRoutes.Route(method, "/v1/accounts/:account/resources" + path, scope: .runner) { request in
                let store = ResourceStore(
                    try controlPlane.neededControlStore, newAccounts: controlPlane.newAccounts)
                return try await respond(
                    ResourceRoutes(store: store, planBook: controlPlane.planBook), request)
            }
        }
        return [
            route(.get, "") { try await $0.uses($1) },
            route(.get, "/:kind") { try await $0.page($1) },
            route(.get, "/:kind/:name") { try await $0.find($1) },
            route(.put, "/:kind/:name") { try await $0.register($1) },
            route(.delete, "/:kind/:name") { try await $0.release($1) },
        ]
    }

    // MARK: Reading

    private func uses(_ request: AdminRequest) async throws -> Response {
        _ = try request.query()
        let account = try request.account
        let quotas = planBook().plan(of: account).resources.sorted { $0.key < $1.key }
        let used = try await store.used(of: quotas.map(\.key), by: account)
        return try .json(
            ResourceUses(
                resources: zip(quotas, used).map { quota, used in
                    ResourceUse(kind: quota.key, used: used, quota: quota.value)
                }))
    }

    /// Lists one kind. A kind that the plan no longer has is listed while resources of it are left.
    private func page(_ request: AdminRequest) async throws -> Response {
        let query = try request.query("after", "limit")
        let (account, kind) = (try request.account, try request.resourceKind)
        let after = try query.text("after", rule: ResourceRule.name)
        let plan = planBook().plan(of: account)
        let page = try await store.page(of: kind, for: account, after: after, limit: try query.limit())
        guard let quota = plan.resources[kind] ?? (page.used > 0 ? 0 : nil) else {
            throw Problem.unknown(kind: kind, in: plan)
        }
        return try .json(
            ResourcePage(
                kind: kind, used: page.used, quota: quota,
                names: page.resources.map { NamedResource(name: $0.name, metadata: try $0.members) },
                next: page.hasMore ? page.resources.last?.name : nil))
    }

    private func find(_ request: AdminRequest) async throws -> Response {
        _ = try request.query()
        let (account, kind, name) = try request.resource
        let (resource, used) = try await store.find(name, of: kind, for: account)
        guard let resource else { throw Problem.unowned(name, of: kind, by: account) }
        let quota = planBook().plan(of: account).resources[kind] ?? 0
        return try .json(ResourceBody(resource, kind: kind, used: used, quota: quota))
    }

    // MARK: Changing

    private func register(_ request: AdminRequest) async throws -> Response {
        _ = try request.query()
        let (account, kind, name) = try request.resource
        let metadata = try await request.metadata
        let plan = planBook().plan(of: account)
        guard let quota = plan.resources[kind] else { throw Problem.unknown(kind: kind, in: plan) }
        switch try await store.register(name, of: kind, for: account, metadata: metadata, quota: quota) {
        case .added(let resource, let used):
            let body = try ResourceBody(resource, kind: kind, used: used, quota: quota)
            return try .json(body, status: .created)
        case .known(let resource, let used):
            return try .json(ResourceBody(resource, kind: kind, used: used, quota: quota))
        case .refused(let error):
            throw Problem(
                .temporaryReducedCapacity, detail: error.reason, retryAfterMs: error.retryAfterMs)
        case .overQuota(let used):
            throw Problem(
                .quotaExceeded, detail: "\(used) \(kind) are registered, the quota is \(quota)",
                violatedPolicies: [kind])
        }
    }

    /// Releases a resource, even if the plan no longer has its kind.
    private func release(_ request: AdminRequest) async throws -> Response {
        _ = try request.query()
        let (account, kind, name) = try request.resource
        guard try await store.release(name, of: kind, for: account) else {
            throw Problem.unowned(name, of: kind, by: account)
        }
        return .done
    }
}

extension AdminRequest {
    fileprivate var resourceKind: String {
        get throws { try segment("kind", rule: ResourceRule.kind) }
    }

    fileprivate var resource: (account: Account, kind: String, name: String) {
        get throws { (try account, try resourceKind, try segment("name", rule: ResourceRule.name)) }
    }

    private func segment(_ parameter: String, rule: FieldRule) throws -> String {
        let value = try segment(parameter)
        guard rule.allows(value) else {
            throw Problem(.malformedParameter, detail: "\(parameter): must be \(rule)")
        }
        return value
    }

    /// The body in the stored form: sorted members, no white space; nil without a body.
    fileprivate var metadata: String? {
        get async throws {
            guard let text = try await optionalJSON() else { return nil }
            let members: [String: JSONValue]
            do {
                members = try JSONDecoder().decode([String: JSONValue].self, from: Data(text.utf8))
            } catch {
                throw Problem(.malformedJSON, detail: "metadata: must be a JSON object")
            }
            let kept = try Response.encoder.encode(members)
            guard kept.count <= ResourceRule.maximumMetadataBytes else {
                throw Problem(
                    .bodyTooLarge,
                    detail: "metadata: \(kept.count) bytes, at most \(ResourceRule.maximumMetadataBytes)")
            }
            return String(decoding: kept, as: UTF8.self)
        }
    }
}

extension ResourceStore.Resource {
    /// - Throws: a `DecodingError` if the value in Redis is not what Stint wrote.
    fileprivate var members: [String: JSONValue]? {
        get throws {
            try metadata.map {
                try JSONDecoder().decode([String: JSONValue].self, from: Data($0.utf8))
            }
        }
    }
}

extension ResourceBody {
    fileprivate init(_ resource: ResourceStore.Resource, kind: String, used: Int, quota: Int) throws {
        self.init(
            kind: kind, name: resource.name, metadata: try resource.members, used: used, quota: quota)
    }
}

extension Problem {
    fileprivate static func unknown(kind: String, in plan: Plan) -> Problem {
        let known = plan.resources.keys.sorted().joined(separator: ", ")
        return Problem(
            .notFound,
            detail: "unknown kind '\(kind)'; the plan '\(plan.name)' has "
                + (known.isEmpty ? "none" : known))
    }

    fileprivate static func unowned(_ name: String, of kind: String, by account: Account) -> Problem {
        Problem(.notFound, detail: "unknown name '\(name)' in the \(kind) of \(account)")
    }
}
