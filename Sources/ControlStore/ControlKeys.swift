// All keys that Stint keeps in Redis besides the ledger's. Each begins with the ledger's prefix and
// has one hash tag, so that all keys of a script are on one server of a cluster. An account's name
// contains no brace, and the part after the tag begins with a colon. So no key here is ever an
// account ledger (`<prefix>{<account>}`).

import Accounting

/// Names keys. All Stint processes that share a Redis must use the same prefix.
public struct ControlKeys: Sendable {
    let prefix: String

    /// - Parameter prefix: the ledger's prefix; the ledger checks it.
    public init(prefix: String) { self.prefix = prefix }

    // MARK: Plans

    /// A hash: the plans, the name of the default plan, and the number of changes.
    var plans: String { "\(prefix){plans}:book" }
    /// A hash: the overrides, by account.
    var overrides: String { "\(prefix){plans}:accounts" }
    /// A stream: what was changed, when and by whom.
    var changes: String { "\(prefix){plans}:audit" }
    /// A hash: the Stint processes, each with the instant at which it was last there.
    var processes: String { "\(prefix){plans}:processes" }

    // MARK: All accounts

    /// A sorted set: the accounts that did the most in one minute or hour (`Scripts/rank.lua`).
    func ranking(_ measure: RankingKey, _ step: RollupStep, _ period: Int) -> String {
        "\(prefix){top}:\(measure.rawValue):\(step == .minute ? "m" : "h"):\(period)"
    }

    // MARK: An account

    /// A stream: the execution log of an account. The ledger's script writes it and describes its
    /// rows.
    func executions(of account: Account) -> String { record("log", of: account) }

    /// A hash: what the account did in each minute of an hour, or in each hour of a day
    /// (`Scripts/count.lua`).
    func rollups(_ step: RollupStep, _ span: Int, of account: Account) -> String {
        record("\(step == .minute ? "u" : "d"):\(span)", of: account)
    }

    /// A hash: the account ledger, which the ledger writes.
    func accountLedger(of account: Account) -> String { "\(prefix){\(account.name)}" }

    /// A key of an account besides its account ledger.
    func record(_ name: String, of account: Account) -> String { "\(prefix){\(account.name)}:\(name)" }
}
