// The schemas of plans, overrides and the audit log, with the bounds of plans.

import Accounting
import WireFormat

extension Schema {
    private static let name = value(BodyField.plan.rule)

    static let plans: [String: JSONValue] = [
        "Plans": reply(
            ["default": name, "plans": array(named("Plan"))], optional: ["broken": array(anyText)]),
        "Plan": reply(
            [
                "name": name, "limits": array(named("Limit")), "resources": quotas,
                "minimumGrantMs": grant, "whenUnavailable": unavailable,
            ], optional: ["kinds": ceilings, "warnings": warnings]),
        "Limit": reply(limit.merging(["cells": integer(Bounds.cells)]) { $1 }),
        "PlanChange": reply(
            [
                "limits": array(
                    reply(limit, optional: ["cells": integer(Bounds.cells)]), count: Bounds.limitsPerPlan)
            ],
            optional: [
                "name": name, "resources": quotas, "minimumGrantMs": grant, "whenUnavailable": unavailable,
                "kinds": ceilings,
            ]),
        "Processes": reply(["processes": ["type": "integer", "minimum": 1]]),
        "DefaultPlan": .object(object(["plan": name])),
        "Override": reply([:], optional: overrides.merging(["warnings": warnings]) { $1 }),
        "OverrideChange": reply([:], optional: overrides),
        "Changes": reply(["changes": array(named("Change"))], optional: ["next": anyText]),
        "Change": reply(
            ["id": anyText, "at": instant, "who": anyText, "what": anyText],
            optional: ["before": [:], "after": [:]]),
    ]

    private static let warnings: JSONValue = [
        "type": "array", "items": anyText, "minItems": 1,
        "description":
            "In the reply to a change: why the usual request is never admitted, or only in part",
    ]
    private static let instant: JSONValue = ["type": "integer", "minimum": 0, "description": "ms since 1970"]
    private static let grant = integer(1...Bounds.durationMs.upperBound)
    private static let unavailable: JSONValue = [
        "oneOf": [
            enumeration(["deny", "admit"]),
            reply(["admit": reply(["share": integer(Bounds.sharePercent)])]),
        ],
        "description":
            "If the ledger cannot answer: 503, 201 without a bound, or 201 up to a share of every limit (in %)",
    ]
    private static let limit: [String: JSONValue] = [
        "name": name, "meter": value(BodyField.meter.rule), "amount": integer(Bounds.executionMs),
        "windowMs": integer(Bounds.windowMs),
    ]
    private static let overrides: [String: JSONValue] = [
        "plan": name, "amounts": map(integer(Bounds.executionMs), count: 0...32), "expiresAt": instant,
    ]
    private static let quotas = map(integer(Bounds.resourceQuota), count: Bounds.resourcesPerPlan)
    private static let ceilings = map(
        reply(
            [:],
            optional: [
                "maxDurationMs": integer(1...Bounds.durationMs.upperBound),
                "memoryBytes": integer(Bounds.bytes), "payloadBytes": integer(Bounds.bytes),
            ]), count: Bounds.kindsPerPlan)

    private static func integer(_ bounds: ClosedRange<Int>) -> JSONValue {
        value(.integer(bounds, unit: nil))
    }

    private static func array(_ element: JSONValue, count: ClosedRange<Int>) -> JSONValue {
        [
            "type": "array", "items": element, "minItems": .integer(count.lowerBound),
            "maxItems": .integer(count.upperBound),
        ]
    }

    /// An object with any member names.
    private static func map(_ value: JSONValue, count: ClosedRange<Int>) -> JSONValue {
        [
            "type": "object", "additionalProperties": value, "propertyNames": name,
            "maxProperties": .integer(count.upperBound),
        ]
    }
}
