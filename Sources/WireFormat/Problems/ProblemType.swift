// Every error of a request, in one list: its stable URI, its title and its HTTP status.

/// A problem type (RFC 9457).
///
/// The first two are in the IANA registry (draft-ietf-httpapi-ratelimit-headers-11, section 5), the
/// others are Stint's. Programs compare the URI. It never changes, and it is not meant to be
/// fetched.
public enum ProblemType: UInt8, CaseIterable, Sendable {
    /// 429: the ask does not fit the account's limits now or ever, or a resource does not fit its
    /// quota. The only 429.
    case quotaExceeded
    /// 503: the ledger cannot answer, or there is no room for another connection. Nothing was
    /// admitted.
    case temporaryReducedCapacity
    /// 400: not HTTP, or a path that cannot be decoded.
    case malformedRequest
    /// 400: the body is not JSON, or not an object.
    case malformedJSON
    /// 400: a field of the body breaks its bound.
    case malformedField
    /// 400: a parameter of the query, or a segment of the path, is unknown or breaks its bound.
    case malformedParameter
    /// 400: the account in the path is not 1 to 128 bytes of `A-Z a-z 0-9 . _ : @ -`.
    case malformedAccount
    /// 401: the request has no token, or an unknown one; `WWW-Authenticate` says which.
    case unauthorized
    /// 403: the token's scope does not allow this.
    case forbidden
    /// 403: the token is for other accounts.
    case accountForbidden
    /// 403: a page of another origin made a browser send the request.
    case foreignOrigin
    /// 404: no such path.
    case unknownRoute
    /// 404: settled before, expired, or never admitted; nothing changed.
    case executionNotHeld
    /// 404: the path exists, the thing that it names does not: a plan, an override, a resource.
    case notFound
    /// 405: the path exists, but not with this method; `Allow` lists the methods.
    case methodNotAllowed
    /// 408: the request did not arrive in time.
    case requestTimeout
    /// 409: the plan is the default plan, or overrides name it.
    case planInUse
    /// 412: it has changed meanwhile: `If-Match` or `If-None-Match` does not match.
    case preconditionFailed
    /// 413: the body is larger than this service reads.
    case bodyTooLarge
    /// 413: `payloadBytes` is above the kind's ceiling.
    case payloadAboveCeiling
    /// 415: a body that is not `application/json`.
    case unsupportedMediaType
    /// 417: an `Expect` other than `100-continue`.
    case expectationFailed
    /// 421: without tokens, Stint serves only loopback's own names.
    case misdirectedRequest
    /// 422: `maxDurationMs` or `minDurationMs` is above the kind's ceiling.
    case askAboveCeiling
    /// 422: the kind is not in the plan.
    case unknownKind
    /// 422: the kind has no ceiling, so `maxDurationMs` is needed.
    case durationMissing
    /// 422: a plan or an override is invalid; `field` names the place.
    case invalidPlan
    /// 431: more header bytes than this service reads.
    case headersTooLarge
    /// 500: a fault of Stint; nothing was admitted.
    case internalError
    /// 501: the ledger is in memory, and this needs Redis.
    case needsRedis
    /// 505: neither HTTP/1.0 nor HTTP/1.1.
    case versionNotSupported

    /// The HTTP status code.
    public var status: Int { entry.status }
    /// A few words for people, the same every time.
    public var title: StaticString { entry.title }
    /// The `type` member.
    public var uri: StaticString { entry.uri }

    private var entry: (status: Int, title: StaticString, uri: StaticString) {
        switch self {
        case .quotaExceeded:
            (429, "Quota Exceeded", "https://iana.org/assignments/http-problem-types#quota-exceeded")
        case .temporaryReducedCapacity:
            (
                503, "Temporary Reduced Capacity",
                "https://iana.org/assignments/http-problem-types#temporary-reduced-capacity"
            )
        case .malformedRequest: (400, "Malformed Request", "urn:stint:problem:malformed-request")
        case .malformedJSON: (400, "Malformed JSON", "urn:stint:problem:malformed-json")
        case .malformedField: (400, "Malformed Field", "urn:stint:problem:malformed-field")
        case .malformedParameter: (400, "Malformed Parameter", "urn:stint:problem:malformed-parameter")
        case .malformedAccount: (400, "Malformed Account Name", "urn:stint:problem:malformed-account")
        case .unauthorized: (401, "Unauthorized", "urn:stint:problem:unauthorized")
        case .forbidden: (403, "Forbidden", "urn:stint:problem:forbidden")
        case .accountForbidden: (403, "Account Forbidden", "urn:stint:problem:account-forbidden")
        case .foreignOrigin: (403, "Foreign Origin", "urn:stint:problem:foreign-origin")
        case .unknownRoute: (404, "Unknown Route", "urn:stint:problem:unknown-route")
        case .executionNotHeld: (404, "Execution Not Held", "urn:stint:problem:execution-not-held")
        case .notFound: (404, "Not Found", "urn:stint:problem:not-found")
        case .methodNotAllowed: (405, "Method Not Allowed", "urn:stint:problem:method-not-allowed")
        case .requestTimeout: (408, "Request Timeout", "urn:stint:problem:request-timeout")
        case .planInUse: (409, "Plan In Use", "urn:stint:problem:plan-in-use")
        case .preconditionFailed: (412, "Precondition Failed", "urn:stint:problem:precondition-failed")
        case .bodyTooLarge: (413, "Body Too Large", "urn:stint:problem:body-too-large")
        case .payloadAboveCeiling: (413, "Payload Above Ceiling", "urn:stint:problem:payload-above-ceiling")
        case .unsupportedMediaType:
            (415, "Unsupported Media Type", "urn:stint:problem:unsupported-media-type")
        case .expectationFailed: (417, "Expectation Failed", "urn:stint:problem:expectation-failed")
        case .misdirectedRequest: (421, "Misdirected Request", "urn:stint:problem:misdirected-request")
        case .askAboveCeiling: (422, "Ask Above Ceiling", "urn:stint:problem:ask-above-ceiling")
        case .unknownKind: (422, "Unknown Kind", "urn:stint:problem:unknown-kind")
        case .durationMissing: (422, "Duration Missing", "urn:stint:problem:duration-missing")
        case .invalidPlan: (422, "Invalid Plan", "urn:stint:problem:invalid-plan")
        case .headersTooLarge: (431, "Headers Too Large", "urn:stint:problem:headers-too-large")
        case .internalError: (500, "Internal Error", "urn:stint:problem:internal-error")
        case .needsRedis: (501, "Needs Redis", "urn:stint:problem:needs-redis")
        case .versionNotSupported:
            (505, "HTTP Version Not Supported", "urn:stint:problem:version-not-supported")
        }
    }

    /// The type with this URI; nil for problems of other services.
    public init?(uri: String) {
        guard let type = Self.allCases.first(where: { String(describing: $0.uri) == uri }) else { return nil }
        self = type
    }
}
