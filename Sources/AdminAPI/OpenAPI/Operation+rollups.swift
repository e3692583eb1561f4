// The operations on rankings and rollups.

import Accounting
import ControlStore
import HTTPTypes
import WireFormat

extension Operation {
    private static let range = [
        Parameter(name: "from", place: .query, schema: Schema.instantParameter),
        Parameter(name: "to", place: .query, schema: Schema.instantParameter),
    ]

    static let rollups: [Operation] = [
        Operation(
            api: .admin, method: .get, path: "/v1/accounts", scope: .admin,
            summary: "The busiest accounts",
            query: range + [
                Parameter(
                    name: "sort", place: .query,
                    schema: Schema.enumeration(RankingKey.allCases.map(\.rawValue))),
                Parameter(
                    name: "limit", place: .query,
                    schema: [
                        "type": "integer", "minimum": 1, "maximum": .integer(RollupRoutes.maximumRanked),
                        "default": 10,
                    ]),
            ],
            replies: [Reply(status: 200, description: "The most first", schema: Schema.named("Top"))],
            problems: [.temporaryReducedCapacity, .needsRedis]),
        Operation(
            api: .admin, method: .get, path: "/v1/accounts/{account}/usage", scope: .admin,
            summary: "The usage of an account, per minute or per hour",
            query: range + [
                Parameter(
                    name: "step", place: .query,
                    schema: Schema.enumeration(RollupStep.allCases.map(\.rawValue))),
                Parameter(name: "function", place: .query, schema: Schema.value(BodyField.function.rule)),
            ],
            replies: [Reply(status: 200, description: "Its rollups", schema: Schema.named("Usage"))],
            problems: [.temporaryReducedCapacity, .needsRedis]),
    ]
}
