// The OpenAPI 3.1 document of both APIs, which the admin API serves.

import Foundation
import Hummingbird
import NIOCore
import WireFormat

enum OpenAPI {
    static func server(of api: Operation.API) -> JSONValue {
        switch api {
        case .runner: ["url": "http://127.0.0.1:7400", "description": "The runner API"]
        case .admin: ["url": "http://127.0.0.1:7401", "description": "The admin API"]
        }
    }

    static func document(of operations: [Operation] = Operation.all) -> JSONValue {
        let paths = Dictionary(grouping: operations, by: \.path).mapValues { operations in
            JSONValue.object(
                Dictionary(
                    uniqueKeysWithValues: operations.map { ($0.method.rawValue.lowercased(), $0.json) }))
        }
        return [
            "openapi": "3.1.0",
            "info": [
                "title": "Stint", "version": .string(Version.text),
                "description": """
                Rate limits and quotas for function runners. Times are milliseconds. Every GET route also answers \
                HEAD. Another method on a known path gets 405 with Allow. Every error is application/problem+json; \
                clients should compare its type.
                """,
            ],
            "servers": .array(Operation.API.allCases.map(server)),
            "tags": [
                ["name": "runner", "description": "For runners, before and after an execution"],
                ["name": "admin", "description": "For people, dashboards and monitors"],
            ],
            "paths": .object(paths),
            "components": [
                "schemas": .object(Schema.all),
                "securitySchemes": [
                    "bearer": [
                        "type": "http", "scheme": "bearer",
                        "description": "A token with the scope; required if security.tokens is set",
                    ],
                    "basic": [
                        "type": "http", "scheme": "basic",
                        "description": "For browsers, GET only: any user name, and the token as password",
                    ],
                ],
            ],
        ]
    }

    /// - Returns: `GET /openapi.json`.
    static func route() -> AdminRoutes.Route {
        AdminRoutes.Route(.get, "/openapi.json", scope: .none) { request in
            _ = try request.query()
            return .json(encoded: try served.get())
        }
    }

    /// The encoded document. Encoded once, because requests for it need no token.
    private static let served = Result {
        ByteBuffer(bytes: try Response.encoder.encode(document()))
    }
}
