// What one account has of its own, as the admin API shows and takes it, and as Redis keeps it.

/// `{"amounts":{"executions":12000},"expiresAt":1770000000000,"plan":"pro"}`; each member may be
/// left out.
public struct OverrideBody: Codable, Hashable, Sendable {
    /// Nil: the default plan.
    public var plan: String?
    /// By the limit's name.
    public var amounts: [String: Int]?
    /// ms since 1970; from then on it is as if there were no override. Nil: until it is removed.
    public var expiresAt: Int?
    /// Only in the reply to a change: why the account is never admitted what is usually asked. Nil
    /// when it is.
    public var warnings: [String]?

    public init(plan: String? = nil, amounts: [String: Int]? = nil, expiresAt: Int? = nil) {
        self.plan = plan
        self.amounts = amounts
        self.expiresAt = expiresAt
    }
}
