// The schemas of the live feed.

import WireFormat

extension Schema {
    private static let ms: JSONValue = ["type": "number", "minimum": 0, "description": "ms"]

    static let live: [String: JSONValue] = [
        "Live": reply(
            [
                "at": count, "decisionsPerSecond": count, "admitted": count, "denied": count,
                "settled": count, "unavailable": count, "connections": count,
                "top": array(named("LiveTop")),
            ],
            optional: ["ledgerP50Ms": ms, "ledgerP99Ms": ms]),
        "LiveTop": reply(
            ["account": value(BodyField.account.rule), "executions": count], optional: ["percent": count]),
    ]
}
