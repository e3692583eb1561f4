// The OpenAPI 3.1 document of both APIs, which the admin port serves.

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
                Rate limits and quotas for function runners. Times are milliseconds. Every GET is answered \
                to HEAD too; a path that is there with another method is 405 with Allow; every error is \
                application/problem+json, and its type is what to compare.
                """,
            ],
            "servers": .array(Operation.API.allCases.map(server)),
            "tags": [
                ["name": "runner", "description": "What runners ask before and after an execution"],
                ["name": "admin", "description": "What people and machines ask about everything else"],
            ],
            "paths": .object(paths),
            "components": [
                "schemas": .object(Schema.all),
                "securitySchemes": [
                    "bearer": [
                        "type": "http", "scheme": "bearer",
                        "description": "A token good for the scope; needed when security.tokens is set",
                    ],
                    "basic": [
                        "type": "http", "scheme": "basic",
                        "description": "For browsers, GET only: any user, and the token as password",
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

    /// The document as it is served, encoded once: strangers may ask for it.
    private static let served = Result {
        ByteBuffer(bytes: try Response.encoder.encode(document()))
    }
}
