// The operations on plans, on overrides and on the audit log.

import HTTPTypes
import WireFormat

extension Operation {
    private static let plan = "/v1/plans/{plan}"
    private static let override = "/v1/accounts/{account}/override"
    private static let redis: [ProblemType] = [.temporaryReducedCapacity, .needsRedis]
    private static let conditional = [
        Parameter(name: "If-Match", place: .header, schema: Schema.anyText),
        Parameter(name: "If-None-Match", place: .header, schema: ["const": "*"]),
    ]
    private static let actor = Parameter(
        name: "X-Stint-Actor", place: .header,
        schema: ["type": "string", "minLength": 1, "maxLength": 64, "pattern": "^[!-~]+$"])
    private static let eTag: [String: JSONValue] = ["ETag": ["required": true, "schema": Schema.anyText]]

    static let plans: [Operation] = [
        Operation(
            api: .admin, method: .get, path: "/v1/plans", scope: .admin, summary: "Every plan",
            replies: [Reply(status: 200, description: "The plans", schema: Schema.named("Plans"))],
            problems: redis),
        Operation(
            api: .admin, method: .get, path: "/v1/processes", scope: .admin,
            summary: "How many Stint processes share the Redis",
            replies: [
                Reply(status: 200, description: "Their number", schema: Schema.named("Processes"))
            ],
            problems: redis),
        Operation(
            api: .admin, method: .get, path: plan, scope: .admin, summary: "One plan",
            replies: [Reply(status: 200, description: "The plan", schema: Schema.named("Plan"))],
            problems: redis + [.notFound], headers: eTag),
        Operation(
            api: .admin, method: .put, path: plan, scope: .admin, summary: "Create or change a plan",
            query: conditional + [actor], body: ("PlanChange", isRequired: true),
            replies: [
                Reply(status: 201, description: "Created", schema: Schema.named("Plan")),
                Reply(status: 200, description: "Changed", schema: Schema.named("Plan")),
            ],
            problems: redis + [.notFound, .preconditionFailed, .invalidPlan], headers: eTag),
        Operation(
            api: .admin, method: .delete, path: plan, scope: .admin,
            summary: "Delete a plan that no account has",
            query: conditional + [actor],
            replies: [Reply(status: 204, description: "Deleted", schema: nil)],
            problems: redis + [.notFound, .preconditionFailed, .planInUse]),
        Operation(
            api: .admin, method: .put, path: "/v1/default-plan", scope: .admin,
            summary: "Set the default plan, for all accounts whose override names no other",
            query: [actor], body: ("DefaultPlan", isRequired: true),
            replies: [Reply(status: 200, description: "Set", schema: Schema.named("DefaultPlan"))],
            problems: redis + [.invalidPlan]),
        Operation(
            api: .admin, method: .get, path: "/v1/audit", scope: .admin,
            summary: "The audit log: what was changed, when and by whom, newest first",
            query: [
                .limit,
                Parameter(
                    name: "before", place: .query,
                    schema: ["type": "string", "pattern": "^[0-9]{1,19}-[0-9]{1,19}$"]),
            ],
            replies: [Reply(status: 200, description: "A page", schema: Schema.named("Changes"))],
            problems: redis),
        Operation(
            api: .admin, method: .get, path: override, scope: .admin,
            summary: "The override of an account",
            replies: [Reply(status: 200, description: "The override", schema: Schema.named("Override"))],
            problems: redis + [.notFound], headers: eTag),
        Operation(
            api: .admin, method: .put, path: override, scope: .admin,
            summary: "Set the override of an account: another plan, other amounts, or both",
            query: conditional + [actor], body: ("OverrideChange", isRequired: true),
            replies: [
                Reply(status: 201, description: "Created", schema: Schema.named("Override")),
                Reply(status: 200, description: "Changed", schema: Schema.named("Override")),
            ],
            problems: redis + [.notFound, .preconditionFailed, .invalidPlan], headers: eTag),
        Operation(
            api: .admin, method: .delete, path: override, scope: .admin,
            summary: "Remove the override of an account",
            query: conditional + [actor],
            replies: [Reply(status: 204, description: "Removed", schema: nil)],
            problems: redis + [.notFound, .preconditionFailed]),
    ]
}
