// The operations for browsers: pages, their files, and the live feed.

import Dashboard
import HTTPTypes
import WireFormat

extension Operation {
    static let dashboard: [Operation] = [
        Operation(
            api: .admin, method: .get, path: "/v1/live", scope: .admin,
            summary: "What this process does, as an event every second until the client leaves",
            replies: [
                Reply(
                    status: 200,
                    description: "Server-sent events called live, each with one line of data: a Live as JSON",
                    schema: [
                        "type": "string", "contentMediaType": "text/event-stream",
                        "contentSchema": Schema.named("Live"),
                    ], mediaTypes: ["text/event-stream"])
            ],
            problems: [.temporaryReducedCapacity]),
        page("/", "A page with what this process does now, and the top accounts"),
        Operation(
            api: .admin, method: .get, path: "/accounts", scope: .admin,
            summary: "Redirects to an account's page",
            query: [
                Parameter(name: "account", place: .query, schema: Schema.value(BodyField.account.rule)),
                Parameter(name: "parts", place: .query, schema: ["const": "now"]),
            ],
            replies: [
                Reply(status: 303, description: "See Location", schema: nil),
                Reply(
                    status: 200,
                    description: "The page of the account . or .., to which a browser cannot be redirected",
                    schema: Schema.anyText, mediaTypes: ["text/html"]),
            ],
            problems: [.malformedAccount, .temporaryReducedCapacity],
            headers: ["Location": ["schema": Schema.anyText]], isPage: true),
        page(
            "/accounts/{account}", "A page about one account",
            query: [Parameter(name: "parts", place: .query, schema: ["const": "now"])]),
        Operation(
            api: .admin, method: .get, path: "/assets/{file}", scope: .none,
            summary: "A file of the pages; its name changes with its content",
            replies: [
                Reply(
                    status: 200, description: "The file", schema: Schema.anyText,
                    mediaTypes: Asset.all.map { String($0.mediaType.prefix { $0 != ";" }) })
            ],
            problems: [.notFound]),
    ]

    private static func page(_ path: String, _ summary: String, query: [Parameter] = []) -> Operation {
        Operation(
            api: .admin, method: .get, path: path, scope: .admin, summary: summary, query: query,
            replies: [
                Reply(
                    status: 200, description: "The page", schema: Schema.anyText, mediaTypes: ["text/html"])
            ],
            problems: [.temporaryReducedCapacity], isPage: true)
    }
}
