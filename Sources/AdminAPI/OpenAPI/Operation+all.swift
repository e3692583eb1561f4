// Every operation of both APIs. A test holds those of the admin API against its route table, both
// ways.

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
                    status: 200, description: "The same id is held already: the same grant, nothing charged",
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
                    "schema": Schema.anyText, "description": "What is left of them, and when it next grows",
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
            summary: "Is the process alive? Whatever it depends on",
            replies: [.text("It is")]),
        Operation(
            api: .admin, method: .get, path: "/readyz", scope: .none,
            summary: "Should this process be sent requests? It can decide, write and listen now",
            replies: [.text("It should")], problems: [.temporaryReducedCapacity]),
        Operation(
            api: .admin, method: .get, path: "/metrics", scope: .none,
            summary: "What was counted, in Prometheus' text format", replies: [.text("The metrics")]),
        Operation(
            api: .admin, method: .get, path: "/openapi.json", scope: .none, summary: "This document",
            replies: [Reply(status: 200, description: "OpenAPI 3.1", schema: Schema.anyObject)]),
    ]

    private static let redis: [ProblemType] = [.temporaryReducedCapacity, .needsRedis]
    private static let resource = "/v1/accounts/{account}/resources/{kind}/{name}"

    static let resources: [Operation] = [
        Operation(
            api: .admin, method: .get, path: "/v1/accounts/{account}/resources", scope: .runner,
            summary: "How many named things of each kind an account owns, and how many it may",
            replies: [
                Reply(status: 200, description: "Kinds of its plan", schema: Schema.named("ResourceUses"))
            ],
            problems: redis),
        Operation(
            api: .admin, method: .get, path: "/v1/accounts/{account}/resources/{kind}", scope: .runner,
            summary: "The things of one kind, in the order of their names' bytes",
            query: [
                .limit,
                Parameter(name: "after", place: .query, schema: Schema.value(ResourceRule.name)),
            ],
            replies: [
                Reply(status: 200, description: "A page", schema: Schema.named("ResourcePage"))
            ],
            problems: redis + [.notFound]),
        Operation(
            api: .admin, method: .get, path: resource, scope: .runner, summary: "One thing",
            replies: [Reply(status: 200, description: "It", schema: Schema.named("Resource"))],
            problems: redis + [.notFound]),
        Operation(
            api: .admin, method: .put, path: resource, scope: .runner,
            summary: "Register a thing, or change its metadata; no secret's value belongs there",
            body: ("Metadata", isRequired: false),
            replies: [
                Reply(status: 201, description: "Registered", schema: Schema.named("Resource")),
                Reply(status: 200, description: "It was there", schema: Schema.named("Resource")),
            ],
            problems: redis + [.notFound, .quotaExceeded]),
        Operation(
            api: .admin, method: .delete, path: resource, scope: .runner, summary: "Release a thing",
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
