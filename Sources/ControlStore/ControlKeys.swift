// The keys of everything that Stint keeps in Redis beside the ledger, whole. Each begins with the
// ledger's prefix and has one hash tag, so that a script finds all of its keys on one server of a
// cluster. An account's bytes include no brace, and what follows the tag begins with a colon; so no
// key here is ever an account ledger (`<prefix>{<account>}`).

import Accounting

/// Names keys. Two Stints that share a Redis must use the same prefix.
public struct ControlKeys: Sendable {
    let prefix: String

    /// - Parameter prefix: the ledger's; its rule is checked there.
    public init(prefix: String) { self.prefix = prefix }

    // MARK: Plans

    /// A hash: the plans, which one is the default, and how often any of it was changed.
    var plans: String { "\(prefix){plans}:book" }
    /// A hash: the overrides by account.
    var overrides: String { "\(prefix){plans}:accounts" }
    /// A stream: what was changed, when and by whom.
    var changes: String { "\(prefix){plans}:audit" }

    // MARK: All accounts

    /// A sorted set: the accounts that did the most in one minute or hour (`Scripts/rank.lua`).
    func ranking(_ measure: RankingKey, _ step: RollupStep, _ period: Int) -> String {
        "\(prefix){top}:\(measure.rawValue):\(step == .minute ? "m" : "h"):\(period)"
    }

    // MARK: An account

    /// A stream: what became of its executions. The ledger's script writes it, and says there what
    /// a row is.
    func executions(of account: Account) -> String { record("log", of: account) }

    /// A hash: what it did in each minute of an hour, or in each hour of a day
    /// (`Scripts/count.lua`).
    func rollups(_ step: RollupStep, _ span: Int, of account: Account) -> String {
        record("\(step == .minute ? "u" : "d"):\(span)", of: account)
    }

    /// A hash: its account ledger, which the ledger writes.
    func accountLedger(of account: Account) -> String { "\(prefix){\(account.name)}" }

    /// What an account has beside its account ledger.
    func record(_ name: String, of account: Account) -> String { "\(prefix){\(account.name)}:\(name)" }
}
