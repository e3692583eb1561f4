// One operation of either API, as the OpenAPI document describes it.

import Dashboard
import HTTPTypes
import WireFormat

struct Operation: Sendable {
    /// The API that answers it.
    enum API: String, CaseIterable {
        case runner, admin
    }

    struct Parameter: Sendable {
        enum Place: String { case path, query, header }

        let name: String
        let place: Place
        let schema: JSONValue
        var example: String?
    }

    /// The reply to a successful request.
    struct Reply: Sendable {
        let status: Int
        let description: String
        /// Nil: no body.
        let schema: JSONValue?
        /// The body has one of these types.
        var mediaTypes = ["\(MediaType.json)"]
    }

    let api: API
    let method: HTTPRequest.Method
    /// Variable segments are in braces, such as `{account}`. ``Operation/segments`` describes each.
    let path: String
    let scope: AdminRoutes.Scope
    let summary: String
    var query: [Parameter] = []
    /// The name of the body's schema, and whether a body is required.
    var body: (schema: String, isRequired: Bool)?
    let replies: [Reply]
    /// Problems of this operation, besides those of every operation of its API.
    var problems: [ProblemType] = []
    /// Header fields of a success or a denial. Some replies lack some of them.
    var headers: [String: JSONValue] = [:]
    /// For people: most errors are pages, too.
    var isPage = false

    /// The variable segments of all paths.
    static let segments = [
        "account": Parameter(
            name: "account", place: .path, schema: Schema.value(BodyField.account.rule), example: "acme"),
        "id": Parameter(
            name: "id", place: .path, schema: Schema.value(BodyField.id.rule), example: "run-1f0a"),
        "plan": Parameter(
            name: "plan", place: .path, schema: Schema.value(BodyField.plan.rule), example: "serverless"),
        "kind": Parameter(
            name: "kind", place: .path, schema: Schema.value(ResourceRule.kind), example: "secrets"),
        "file": Parameter(
            name: "file", place: .path,
            schema: ["type": "string", "pattern": "^[a-z]+-[0-9a-f]+[.](css|js|svg)$"],
            example: Asset.style.name),
        "name": Parameter(
            name: "name", place: .path, schema: Schema.value(ResourceRule.name), example: "api-key"),
    ]

    static let all = runner + watching + plans + resources + accounts + rollups + dashboard

    // MARK: As JSON

    var json: JSONValue {
        var members: [String: JSONValue] = [
            "summary": .string(summary),
            "tags": [.string(api.rawValue)],
            "operationId": .string(operationID),
            "servers": [OpenAPI.server(of: api)],
            "parameters": .array(parameters.map(\.json)),
            "responses": .object(responses),
            "security": security,
        ]
        if let body {
            members["requestBody"] = [
                "required": .boolean(body.isRequired),
                "content": ["application/json": ["schema": Schema.named(body.schema)]],
            ]
        }
        return .object(members)
    }

    /// `PUT /v1/accounts/{account}/resources/{kind}/{name}` is
    /// `put.accounts.account.resources.kind.name`.
    private var operationID: String {
        let segments = path.split { "/{}".contains($0) }.filter { $0 != "v1" }
        return ([method.rawValue.lowercased()] + segments.map(String.init)).joined(separator: ".")
    }

    private var parameters: [Parameter] {
        let names = path.split(separator: "/").filter { $0.hasPrefix("{") }.map { $0.dropFirst().dropLast() }
        return names.compactMap { Self.segments[String($0)] } + query
    }

    /// Without `security.tokens` no token is required; with it, one with the scope.
    private var security: JSONValue {
        switch scope {
        case .none: []
        case .runner, .admin:
            api == .admin && method == .get
                ? [[:], ["bearer": []], ["basic": []]] : [[:], ["bearer": []]]
        }
    }

    private var responses: [String: JSONValue] {
        var responses: [String: JSONValue] = [:]
        for reply in replies { responses[String(reply.status)] = reply.json(headers) }
        for (status, types) in Dictionary(grouping: allProblems, by: \.status) {
            responses[String(status)] = response(types: types)
        }
        return responses
    }

    /// The problems of this operation, and those of every operation of its API.
    var allProblems: [ProblemType] {
        var types = problems
        if scope != .none { types += ProblemType.allCases.filter { [401, 403].contains($0.status) } }
        if body != nil { types += [.malformedJSON, .malformedField, .bodyTooLarge, .unsupportedMediaType] }
        if path.contains("{account}") { types += [.malformedAccount, .unknownRoute] }
        types += [
            .malformedRequest, .foreignOrigin, .expectationFailed, .misdirectedRequest, .headersTooLarge,
            .internalError, .versionNotSupported,
        ]
        types += [.requestTimeout, .bodyTooLarge, .temporaryReducedCapacity]
        if api == .admin { types.append(.malformedParameter) }
        return ProblemType.allCases.filter(types.contains)
    }

    private func response(types: [ProblemType]) -> JSONValue {
        var headers = types.contains(.quotaExceeded) ? headers : [:]
        if types.contains(.temporaryReducedCapacity) || !headers.isEmpty {
            headers["\(HeaderName.retryAfter)"] = ["schema": ["type": "integer", "minimum": 1]]
        }
        var content: [String: JSONValue] = [
            "\(MediaType.problem)": [
                "schema": [
                    "allOf": [
                        Schema.named("Problem"),
                        ["properties": ["type": Schema.enumeration(types.map { "\($0.uri)" })]],
                    ]
                ]
            ]
        ]
        if isPage { content["text/html"] = ["schema": Schema.anyText] }
        return [
            "headers": .object(headers),
            "description": .string(types.map { "\($0.title)" }.joined(separator: "; ")),
            "content": .object(content),
        ]
    }
}

extension Operation.Parameter {
    /// The most rows of a page.
    static let limit = Operation.Parameter(
        name: "limit", place: .query,
        schema: ["type": "integer", "minimum": 1, "maximum": 1_000, "default": 100])

    fileprivate var json: JSONValue {
        var members: [String: JSONValue] = [
            "name": .string(name), "in": .string(place.rawValue), "required": .boolean(place == .path),
            "schema": schema,
        ]
        if let example { members["example"] = .string(example) }
        return .object(members)
    }
}

extension Operation.Reply {
    fileprivate func json(_ headers: [String: JSONValue]) -> JSONValue {
        var members: [String: JSONValue] = [
            "description": .string(description), "headers": .object(headers),
        ]
        if let schema {
            members["content"] = .object(
                Dictionary(mediaTypes.map { ($0, ["schema": schema] as JSONValue) }) { $1 })
        }
        return .object(members)
    }
}
