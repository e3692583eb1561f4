// The errors of requests that are answered without the desk: invalid HTTP, path or body, or no
// valid token. The answers of plans and ledgers are `Decision`s, which `DecisionResponse` writes.

import Access
import Accounting
import HTTPRequests
import WireFormat

/// An error reply, and whether the connection closes after it.
struct RequestError: Error {
    var problem: Problem
    /// The value of `Allow`.
    var allow: StaticString?
    /// The value of `Retry-After`, in seconds.
    var retryAfterSeconds: Int?
    /// The value of `WWW-Authenticate`.
    var challenge: String?
    /// The connection closes: where the next request begins is unknown, or not needed.
    var closes = false

    init(_ problem: Problem, closes: Bool = false) {
        self.problem = problem
        self.closes = closes
    }

    private init(_ type: ProblemType, _ detail: String, field: BodyField? = nil, closes: Bool = false) {
        self.init(Problem(type, detail: detail, field: field), closes: closes)
    }

    // MARK: The token

    static func unauthenticated(_ reason: AuthenticationError) -> RequestError {
        var error = RequestError(reason.problemType, reason.detail)
        error.challenge = reason.challenge
        return error
    }

    // MARK: The path

    static var unknownRoute: RequestError {
        RequestError(.unknownRoute, "unknown path; see /v1/accounts/{account}/executions")
    }

    static func methodNotAllowed(allow: StaticString) -> RequestError {
        var error = RequestError(.methodNotAllowed, "this path accepts only \(allow)")
        error.allow = allow
        return error
    }

    static var malformedAccount: RequestError {
        RequestError(.malformedAccount, "the account in the path must be \(Account.rule)")
    }

    static var malformedID: RequestError {
        RequestError(.malformedField, "the id in the path must be \(ExecutionID.rule)", field: .id)
    }

    static var malformedEscape: RequestError {
        RequestError(.malformedRequest, "a % in the path must be followed by two hexadecimal digits")
    }

    // MARK: The body

    static func bodyTooLarge(maximumBytes: Int) -> RequestError {
        RequestError(.bodyTooLarge, "the body must be at most \(maximumBytes) bytes", closes: true)
    }

    static var unsupportedMediaType: RequestError {
        RequestError(.unsupportedMediaType, "Content-Type must be application/json, without Content-Encoding")
    }

    // MARK: The connection

    static func requestTimeout(_ timeout: Duration) -> RequestError {
        RequestError(.requestTimeout, "the request must arrive within \(timeout)", closes: true)
    }

    static func tooManyConnections(_ maximum: Int) -> RequestError {
        var error = RequestError(
            .temporaryReducedCapacity, "all \(maximum) connections are in use; nothing was admitted",
            closes: true)
        error.retryAfterSeconds = 1
        return error
    }
}
