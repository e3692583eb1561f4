// The schemas of the bodies of both APIs, by the names that the operations use.

import WireFormat

extension Schema {
    static let all = [runner, resources, plans, accounts, rollups, live].reduce([:]) {
        $0.merging($1) { $1 }
    }

    private static let runner: [String: JSONValue] = [
        "Problem": reply(
            fields(.type, .title, .status, .detail),
            optional: fields(.violatedPolicies, .retryAfterMs, .limits, .degraded, .overUse, .field, .id)),
        "Admit": request(
            optional: fields(.id, .function, .kind, .maxDurationMs, .minDurationMs, .payloadBytes)),
        "Admitted": reply(
            fields(.id, .grantedMs),
            optional: fields(.deadline, .memoryBytes, .limits, .suggestedIntervalMs, .degraded, .overUse)),
        "Settle": request(fields(.durationMs), optional: fields(.outcome, .memoryBytes)),
        "Settled": reply(
            fields(.id, .chargedMs, .returnedMs, .overrunMs, .limits),
            optional: fields(.degraded, .overUse)),
        "Standing": reply(fields(.account, .plan, .policies, .limits, .suggestedIntervalMs)),
        "Policy": reply(fields(.name, .meter, .amount, .used, .remaining, .windowMs)),
        "OverUse": reply(fields(.executions, .executionTimeMs).mapValues(orNull)),
        "Limits": reply(fields(.executionsRemaining, .timeRemaining).mapValues(orNull)),
    ]

    private static let quota: [String: JSONValue] = [
        "kind": value(ResourceRule.kind), "used": count, "quota": count,
    ]
    private static let thing: [String: JSONValue] = ["name": value(ResourceRule.name)]

    private static let resources: [String: JSONValue] = [
        "Metadata": anyObject,
        "ResourceUse": reply(quota),
        "ResourceUses": reply(["resources": array(named("ResourceUse"))]),
        "NamedResource": reply(thing, optional: ["metadata": named("Metadata")]),
        "ResourcePage": reply(
            quota.merging(["names": array(named("NamedResource"))]) { $1 },
            optional: ["next": value(ResourceRule.name)]),
        "Resource": reply(quota.merging(thing) { $1 }, optional: ["metadata": named("Metadata")]),
    ]
}
