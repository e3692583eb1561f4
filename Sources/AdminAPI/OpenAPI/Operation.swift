// One operation of either API, as the OpenAPI document describes it.

import Dashboard
import HTTPTypes
import WireFormat

struct Operation: Sendable {
    /// Which of the two ports answers it.
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

    /// What a success brings.
    struct Reply: Sendable {
        let status: Int
        let description: String
        /// Nil: no body.
        let schema: JSONValue?
        /// One of these.
        var mediaTypes = ["\(MediaType.json)"]
    }

    let api: API
    let method: HTTPRequest.Method
    /// With `{account}` and the like where a segment varies; each is described in
    /// ``Operation/parameters``.
    let path: String
    let scope: AdminRoutes.Scope
    let summary: String
    var query: [Parameter] = []
    /// The name of the body's schema, and whether there must be one.
    var body: (schema: String, isRequired: Bool)?
    let replies: [Reply]
    /// What goes wrong here in particular, beside what may anywhere on this port.
    var problems: [ProblemType] = []
    /// Header fields of an answer that is good or a denial; not each is always there.
    var headers: [String: JSONValue] = [:]
    /// For people: what goes wrong is mostly said in a page.
    var isPage = false

    /// The varying segments of every path.
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

    /// Without tokens nothing is asked for; with them, one that is good for the scope.
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

    /// With what may go wrong anywhere on the port.
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
    /// Rows of a page.
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
