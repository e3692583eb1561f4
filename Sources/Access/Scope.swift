// What a token may be used for.

/// What the bearer of a token may do. `admin` includes everything.
public enum Scope: String, CaseIterable, Sendable {
    /// The runner API, and the resource quotas of the admin API.
    case runner
    /// Both APIs, whole.
    case admin
}
