// Which accounts may have executions that nobody will settle, and when their holds have expired.
// Admissions look for expired holds too, but seldom, and only while there are admissions; so the
// process that admitted them comes back.

import Accounting
import NIOCore

/// The executions that were admitted and not settled here, by the instant at which their holds
/// expire. Bounded: what it has no room for is left to those who look at the account.
struct HoldWatch {
    /// Accounts watched at once, each once for every ``slotMs`` in which holds of it expire: some
    /// 20 MB.
    static let maximumEntries = 200_000
    /// Holds that expire within so many ms of the ledger's clock are looked for together.
    static let slotMs = 4_000
    /// How long after the last of them has expired: clocks differ.
    static let patience = TimeAmount.seconds(5)

    /// An account with holds that have expired.
    struct Due {
        let account: Account
        /// So many, or fewer: some may have been settled elsewhere.
        let holds: Int
        /// Since when it is due.
        let since: NIODeadline
        /// Where to go on looking (`Scripts/Inspect/sweep.lua`).
        var cursor = "0"
    }

    private struct Slot {
        var due: NIODeadline
        var holds: [Account: Int] = [:]
    }

    private var slots: [Int: Slot] = [:]
    /// Nothing is due before.
    private var nextDue = NIODeadline.distantFuture
    /// Accounts, each once for every slot.
    private(set) var count = 0

    /// An execution was admitted, whose hold expires at `expires` on the ledger's clock and at
    /// `expiry` on this process's.
    /// - Returns: false when there is no room to watch it.
    mutating func admitted(_ account: Account, expires: Timestamp, expiry: NIODeadline) -> Bool {
        let number = expires.ms / HoldWatch.slotMs
        let due = expiry + .milliseconds(Int64(HoldWatch.slotMs)) + HoldWatch.patience
        if let index = slots.index(forKey: number) {
            slots.values[index].due = max(slots.values[index].due, due)
            if let place = slots.values[index].holds.index(forKey: account) {
                slots.values[index].holds.values[place] += 1
                return true
            }
            guard count < HoldWatch.maximumEntries else { return false }
            slots.values[index].holds[account] = 1
        } else {
            guard count < HoldWatch.maximumEntries else { return false }
            slots[number] = Slot(due: due, holds: [account: 1])
            nextDue = min(nextDue, due)
        }
        count += 1
        return true
    }

    /// An execution was settled, whose hold would have expired at `expires`. One that is not
    /// watched changes nothing.
    mutating func settled(_ account: Account, expires: Timestamp) {
        let number = expires.ms / HoldWatch.slotMs
        guard let index = slots.index(forKey: number),
            let place = slots.values[index].holds.index(forKey: account)
        else { return }
        slots.values[index].holds.values[place] -= 1
        guard slots.values[index].holds.values[place] == 0 else { return }
        slots.values[index].holds.remove(at: place)
        count -= 1
        if slots.values[index].holds.isEmpty { slots.remove(at: index) }
    }

    /// The accounts that are due; they are not watched any more.
    mutating func takeDue(at now: NIODeadline) -> [Due] {
        guard nextDue <= now else { return [] }
        var taken: [Due] = []
        for (number, slot) in slots where slot.due <= now {
            taken += slot.holds.map { Due(account: $0.key, holds: $0.value, since: slot.due) }
            slots[number] = nil
        }
        nextDue = slots.values.lazy.map(\.due).min() ?? .distantFuture
        count -= taken.count
        return taken
    }
}
