// The paths of the runner API, its header names and its media types.

/// The paths of the runner API. Every character of an account or an execution id is literal in a
/// path (RFC 3986, section 3.3), so nothing is percent-encoded.
public enum RunnerPath {
    /// The beginning of every path; the account follows.
    public static let accounts: StaticString = "/v1/accounts/"
    /// Follows the account, to admit; `/{id}/settle` may follow.
    public static let executions: StaticString = "/executions"
    /// Follows the execution's id, to settle it.
    public static let settle: StaticString = "/settle"
    /// Follows the account, to peek.
    public static let limits: StaticString = "/limits"

    /// POST an ``AdmitBody`` here: `/v1/accounts/acme/executions`.
    public static func executions(of account: String) -> String { "\(accounts)\(account)\(executions)" }

    /// POST a ``SettleBody`` here: `/v1/accounts/acme/executions/run-1f0a/settle`.
    public static func settlement(of id: String, account: String) -> String {
        "\(executions(of: account))/\(id)\(settle)"
    }

    /// GET a ``StandingBody`` here: `/v1/accounts/acme/limits`.
    public static func limits(of account: String) -> String { "\(accounts)\(account)\(limits)" }
}

/// Header fields with a meaning in this API.
public enum HeaderName {
    /// The limits that apply: ``RateLimitFields/policyValue``.
    public static let rateLimitPolicy: StaticString = "RateLimit-Policy"
    /// What is left of them.
    public static let rateLimit: StaticString = "RateLimit"
    /// The pause before the next ask, in seconds: ``Seconds/roundedUp(milliseconds:)``.
    public static let retryAfter: StaticString = "Retry-After"
}

/// The media types of bodies.
public enum MediaType {
    /// Requests and successful replies.
    public static let json: StaticString = "application/json"
    /// ``Problem``s.
    public static let problem: StaticString = "application/problem+json"
}
