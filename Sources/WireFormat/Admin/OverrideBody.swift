// The override of one account, as the admin API shows and accepts it, and as Redis keeps it.

/// `{"amounts":{"executions":12000},"expiresAt":1770000000000,"plan":"pro"}`; every member is
/// optional.
public struct OverrideBody: Codable, Hashable, Sendable {
    /// Nil: the default plan.
    public var plan: String?
    /// Amounts by the limit's name.
    public var amounts: [String: Int]?
    /// When the override ends: ms since 1970. Nil: it stays until it is removed.
    public var expiresAt: Int?
    /// Only in the reply to a change: why the account is never admitted the usual ask. Nil if it is
    /// admitted.
    public var warnings: [String]?

    public init(plan: String? = nil, amounts: [String: Int]? = nil, expiresAt: Int? = nil) {
        self.plan = plan
        self.amounts = amounts
        self.expiresAt = expiresAt
    }
}
