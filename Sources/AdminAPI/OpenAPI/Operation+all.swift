// Every operation of both APIs. A test compares those of the admin API with its route table, in
// both directions.

import HTTPTypes
import WireFormat

extension Operation {
    static let runner: [Operation] = [
        Operation(
            api: .runner, method: .post, path: "/v1/accounts/{account}/executions", scope: .runner,
            summary: "Admit: may this execution start, and for how long?",
            body: ("Admit", isRequired: false),
            replies: [
                Reply(status: 201, description: "Admitted and charged", schema: Schema.named("Admitted")),
                Reply(
                    status: 200, description: "The id is held already: the same grant, nothing charged",
                    schema: Schema.named("Admitted")),
            ],
            problems: [
                .quotaExceeded, .payloadAboveCeiling, .askAboveCeiling, .unknownKind, .durationMissing,
            ],
            headers: [
                "\(HeaderName.rateLimitPolicy)": [
                    "schema": Schema.anyText, "description": "The limits that count executions",
                ],
                "\(HeaderName.rateLimit)": [
                    "schema": Schema.anyText, "description": "What is left of them, and when more is left",
                ],
            ]),
        Operation(
            api: .runner, method: .post, path: "/v1/accounts/{account}/executions/{id}/settle",
            scope: .runner, summary: "Settle: the execution used this much",
            body: ("Settle", isRequired: true),
            replies: [
                Reply(status: 200, description: "Settled", schema: Schema.named("Settled"))
            ],
            problems: [.executionNotHeld]),
        Operation(
            api: .runner, method: .get, path: "/v1/accounts/{account}/limits", scope: .runner,
            summary: "Peek: what is left? Changes nothing",
            replies: [
                Reply(status: 200, description: "What is left", schema: Schema.named("Standing"))
            ]),
    ]

    static let watching: [Operation] = [
        Operation(
            api: .admin, method: .get, path: "/livez", scope: .none,
            summary: "Liveness: does the process run? Does not depend on Redis",
            replies: [.text("It runs")]),
        Operation(
            api: .admin, method: .get, path: "/readyz", scope: .none,
            summary: "Readiness: can this process decide, write and listen now?",
            replies: [.text("It can")], problems: [.temporaryReducedCapacity]),
        Operation(
            api: .admin, method: .get, path: "/metrics", scope: .none,
            summary: "The metrics in Prometheus' text format", replies: [.text("The metrics")]),
        Operation(
            api: .admin, method: .get, path: "/openapi.json", scope: .none, summary: "This document",
            replies: [Reply(status: 200, description: "OpenAPI 3.1", schema: Schema.anyObject)]),
    ]

    private static let redis: [ProblemType] = [.temporaryReducedCapacity, .needsRedis]
    private static let resource = "/v1/accounts/{account}/resources/{kind}/{name}"

    static let resources: [Operation] = [
        Operation(
            api: .admin, method: .get, path: "/v1/accounts/{account}/resources", scope: .runner,
            summary: "The use and the quota of each kind of resource of an account",
            replies: [
                Reply(status: 200, description: "The kinds of its plan", schema: Schema.named("ResourceUses"))
            ],
            problems: redis),
        Operation(
            api: .admin, method: .get, path: "/v1/accounts/{account}/resources/{kind}", scope: .runner,
            summary: "The resources of one kind, ordered by the bytes of their names",
            query: [
                .limit,
                Parameter(name: "after", place: .query, schema: Schema.value(ResourceRule.name)),
            ],
            replies: [
                Reply(status: 200, description: "A page", schema: Schema.named("ResourcePage"))
            ],
            problems: redis + [.notFound]),
        Operation(
            api: .admin, method: .get, path: resource, scope: .runner, summary: "One resource",
            replies: [Reply(status: 200, description: "The resource", schema: Schema.named("Resource"))],
            problems: redis + [.notFound]),
        Operation(
            api: .admin, method: .put, path: resource, scope: .runner,
            summary: "Register a resource, or change its metadata, which must not contain secrets",
            body: ("Metadata", isRequired: false),
            replies: [
                Reply(status: 201, description: "Registered", schema: Schema.named("Resource")),
                Reply(
                    status: 200, description: "It was registered already", schema: Schema.named("Resource")),
            ],
            problems: redis + [.notFound, .quotaExceeded]),
        Operation(
            api: .admin, method: .delete, path: resource, scope: .runner, summary: "Release a resource",
            replies: [Reply(status: 204, description: "Released", schema: nil)],
            problems: redis + [.notFound]),
    ]
}

extension Operation.Reply {
    fileprivate static func text(_ description: String) -> Operation.Reply {
        Operation.Reply(
            status: 200, description: description, schema: Schema.anyText, mediaTypes: ["text/plain"])
    }
}
