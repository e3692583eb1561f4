// The schemas of rollups and rankings.

import Accounting
import ControlStore
import WireFormat

extension Schema {
    /// Integers by the name of a limit.
    private static let byLimit: JSONValue = ["type": "object", "additionalProperties": count]
    private static let activity = [
        "executions": count, "executionMs": count, "errors": count, "denials": byLimit,
    ]

    static let rollups: [String: JSONValue] = [
        "Usage": reply(
            [
                "account": value(BodyField.account.rule), "from": count, "to": count,
                "step": enumeration(RollupStep.allCases.map(\.rawValue)),
                "points": array(named("UsagePoint")),
                "functions": array(named("FunctionUsage")),
            ],
            optional: fields(.function)),
        "UsagePoint": reply(activity.merging(["at": count, "peakPercent": byLimit]) { $1 }),
        "FunctionUsage": reply(activity.merging(fields(.function)) { $1 }),
        "Top": reply([
            "sort": enumeration(RankingKey.allCases.map(\.rawValue)), "from": count, "to": count,
            "accounts": array(named("RankedAccount")),
        ]),
        "RankedAccount": reply(
            ["account": value(BodyField.account.rule), "value": count], optional: ["percent": count]),
    ]
}
