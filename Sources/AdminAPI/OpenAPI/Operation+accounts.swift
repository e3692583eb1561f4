// The operations on one account: its standing, its execution log, and forgetting its charges.

import ControlStore
import HTTPTypes
import WireFormat

extension Operation {
    private static let redis: [ProblemType] = [.temporaryReducedCapacity, .needsRedis]

    static let accounts: [Operation] = [
        Operation(
            api: .admin, method: .get, path: "/v1/accounts/{account}", scope: .admin,
            summary: "An account's use of its limits, and its running executions",
            replies: [Reply(status: 200, description: "The account", schema: Schema.named("Account"))],
            problems: redis),
        Operation(
            api: .admin, method: .get, path: "/v1/accounts/{account}/executions", scope: .admin,
            summary: "The execution log of an account, newest first",
            query: [
                .limit,
                Parameter(name: "function", place: .query, schema: Schema.value(BodyField.function.rule)),
                Parameter(
                    name: "outcome", place: .query,
                    schema: Schema.enumeration(LoggedOutcome.allCases.map(\.rawValue))),
                Parameter(name: "from", place: .query, schema: Schema.instantParameter),
                Parameter(name: "to", place: .query, schema: Schema.instantParameter),
                Parameter(
                    name: "before", place: .query,
                    schema: ["type": "string", "pattern": "^[0-9]{1,15}-[0-9]{1,15}$"]),
            ],
            replies: [
                Reply(
                    status: 200, description: "A page, which may be partly filled",
                    schema: Schema.named("Executions"))
            ],
            problems: redis),
        Operation(
            api: .admin, method: .delete, path: "/v1/accounts/{account}/usage", scope: .admin,
            summary: "Forget the charges of an account",
            query: [
                Parameter(
                    name: "X-Stint-Actor", place: .header,
                    schema: [
                        "type": "string", "minLength": 1, "maxLength": 64, "pattern": "^[!-~]+$",
                    ])
            ],
            replies: [Reply(status: 204, description: "Forgotten", schema: nil)],
            problems: redis),
    ]
}
