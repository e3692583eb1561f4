// The accounts that did the most.

/// `GET /v1/accounts`.
public struct TopBody: Codable, Equatable, Sendable {
    public struct Account: Codable, Equatable, Sendable {
        public var account: String
        /// The value by which accounts are sorted: a count, ms or percent.
        public var value: Int
        /// The use of its fullest limit now, in percent; nil if the ledger could not be asked.
        public var percent: Int?

        public init(account: String, value: Int, percent: Int?) {
            self.account = account
            self.value = value
            self.percent = percent
        }
    }

    /// `executions`, `execution-time`, `denials` or `percent`.
    public var sort: String
    /// ms since 1970; included.
    public var from: Int
    /// ms since 1970; not included.
    public var to: Int
    /// Most first.
    public var accounts: [Account]

    public init(sort: String, from: Int, to: Int, accounts: [Account]) {
        self.sort = sort
        self.from = from
        self.to = to
        self.accounts = accounts
    }
}
