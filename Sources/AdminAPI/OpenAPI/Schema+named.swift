// The bodies of both APIs, each under the name by which the operations know it.

import WireFormat

extension Schema {
    static let all: [String: JSONValue] = runner.merging(resources) { $1 }.merging(["Problem": problem]) {
        $1
    }

    private static let problem = reply(
        properties([.title, .status, .detail]).merging([
            "type": words(ProblemType.allCases.map { "\($0.uri)" })
        ]) {
            $1
        },
        optional: properties([.retryAfterMs, .field, .id]).merging([
            "violated-policies": array(value(BodyField.name.rule)), "limits": named("Limits"),
        ]) { $1 })

    private static let runner: [String: JSONValue] = [
        "Admit": request(
            optional: [.id, .function, .kind, .maxDurationMs, .minDurationMs, .payloadBytes]),
        "Admitted": reply(
            properties([.id, .grantedMs]),
            optional: properties([.deadline, .memoryBytes, .degraded]).merging(["limits": named("Limits")]) {
                $1
            }),
        "Settle": request([.durationMs], optional: [.outcome, .memoryBytes]),
        "Settled": reply(
            properties([.id, .chargedMs, .returnedMs, .overrunMs]).merging(["limits": named("Limits")]) { $1 }
        ),
        "Standing": reply(
            properties([.account, .plan]).merging([
                "policies": array(named("Policy")), "limits": named("Limits"),
            ]) { $1 }),
        "Policy": reply(properties([.name, .meter, .amount, .used, .remaining, .windowMs])),
        "Limits": reply(properties([.executionsRemaining, .timeRemaining]).mapValues(orNull)),
    ]

    private static let resources: [String: JSONValue] = [
        "Metadata": anyObject,
        "ResourceUse": reply(["kind": value(ResourceRule.kind), "used": count, "quota": count]),
        "ResourceUses": reply(["resources": array(named("ResourceUse"))]),
        "NamedResource": reply(
            ["name": value(ResourceRule.name)], optional: ["metadata": named("Metadata")]),
        "ResourcePage": reply(
            [
                "kind": value(ResourceRule.kind), "used": count, "quota": count,
                "names": array(named("NamedResource")),
            ], optional: ["next": value(ResourceRule.name)]),
        "Resource": reply(
            [
                "kind": value(ResourceRule.kind), "name": value(ResourceRule.name), "used": count,
                "quota": count,
            ], optional: ["metadata": named("Metadata")]),
    ]
}
