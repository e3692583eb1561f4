// Which accounts may have fallen silent with executions that nobody will settle. Admissions look for expired holds, but
// only while there are admissions; so the process that admitted them comes back once, and has them logged.

import Accounting
import NIOCore

/// The accounts for which executions were admitted and not all settled here. Bounded: what it has no room for is left to
/// those who look at the account.
struct HoldWatch {
    /// Accounts watched at once, at most: some 10 MB.
    static let maximumAccounts = 100_000
    /// How long after the last of its holds expired an account is due: clocks differ.
    static let patience = TimeAmount.seconds(5)

    private struct Watched {
        /// Executions admitted here less those settled here.
        var count: Int
        var due: NIODeadline
    }

    private var accounts: [Account: Watched] = [:]

    var count: Int { accounts.count }

    /// An execution was admitted, whose hold expires at `expiry` on this process's clock.
    mutating func admitted(_ account: Account, expiry: NIODeadline) {
        let due = expiry + HoldWatch.patience
        if let index = accounts.index(forKey: account) {
            accounts.values[index].count += 1
            accounts.values[index].due = max(accounts.values[index].due, due)
        } else if accounts.count < HoldWatch.maximumAccounts {
            accounts[account] = Watched(count: 1, due: due)
        }
    }

    mutating func settled(_ account: Account) {
        guard let index = accounts.index(forKey: account) else { return }
        accounts.values[index].count -= 1
        if accounts.values[index].count == 0 { accounts.remove(at: index) }
    }

    /// The accounts that are due, at most `maximum`; they are not watched any more.
    mutating func takeDue(at now: NIODeadline, maximum: Int) -> [Account] {
        let due = accounts.lazy.filter { $0.value.due <= now }.prefix(maximum).map(\.key)
        let taken = Array(due)
        for account in taken { accounts[account] = nil }
        return taken
    }
}
