// The schemas of an account's standing and of its execution log.

import Accounting
import ControlStore
import WireFormat

extension Schema {
    /// A parameter that is an instant.
    static let instantParameter: JSONValue = [
        "type": "integer", "minimum": 0, "maximum": .integer(1 << 43), "description": "ms since 1970",
    ]

    static let accounts: [String: JSONValue] = [
        "Account": reply(
            [
                "account": value(BodyField.account.rule), "plan": value(BodyField.plan.rule),
                "limits": array(named("Use")),
                "holds": reply(
                    ["count": count, "items": array(named("Held"))],
                    optional: ["isPartial": ["const": true]]),
            ],
            optional: ["override": named("Override")]),
        "Use": reply(
            fields(.name, .meter, .amount, .used, .remaining, .windowMs).merging(["percent": count]) { $1 }),
        "Held": reply(
            [
                "id": value(BodyField.id.rule), "admittedAt": count, "grantedMs": count, "deadline": count,
            ],
            optional: fields(.function, .kind)),
        "Executions": reply(["executions": array(named("Execution"))], optional: ["next": anyText]),
        "Execution": reply(
            [
                "id": value(BodyField.id.rule), "kind": value(BodyField.kind.rule), "at": count,
                "admittedAt": count, "grantedMs": count, "durationMs": count, "overrunMs": count,
                "overCeiling": ["type": "boolean"],
            ],
            optional: [
                "function": value(BodyField.function.rule), "memoryBytes": count,
                "outcome": enumeration(LoggedOutcome.allCases.map(\.rawValue)),
            ]),
    ]
}
