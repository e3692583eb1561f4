// What a token may be used for.

/// What a token allows. `admin` includes everything.
public enum Scope: String, CaseIterable, Sendable {
    /// The runner API, and the resource quotas of the admin API.
    case runner
    /// Both APIs, whole.
    case admin
}
