// Which accounts may have executions that nobody will settle, and when their holds have expired.
// Admissions look for expired holds too, but seldom, and only while there are admissions; so the
// process that admitted them comes back.

import Accounting
import NIOCore

/// The executions that were admitted and not settled here, by the instant at which their holds
/// expire. Bounded: what it has no room for is left to those who look at the account.
struct ExpiredHoldQueue {
    /// Accounts watched at once, each once for every ``slotMs`` in which holds of it expire: some
    /// 20 MB.
    static let maximumEntries = 200_000
    /// Holds that expire within so many ms of the ledger's clock are looked for together.
    static let slotMs = 4_000
    /// How long after the last of them has expired: clocks differ.
    static let margin = TimeAmount.seconds(5)

    /// An account with holds that have expired.
    struct Due {
        let account: Account
        /// So many, or fewer: some may have been settled elsewhere.
        var holds: Int
        /// Since when it is due.
        let since: NIODeadline
        /// When the last of them has expired, at the latest, by the ledger's clock.
        let expires: Timestamp
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

    /// Executions were admitted, or may have been.
    /// - Parameters:
    ///   - holds: how many.
    ///   - expires: when their holds expire on the ledger's clock; nil when its reply was lost.
    ///   - expiry: the same on this process's clock.
    /// - Returns: false when there is no room to watch it.
    mutating func admitted(
        _ account: Account, holds: Int = 1, expires: Timestamp?, expiry: NIODeadline
    ) -> Bool {
        let number = ExpiredHoldQueue.slot(expires: expires, expiry: expiry)
        let due = expiry + ExpiredHoldQueue.margin
        if let index = slots.index(forKey: number) {
            slots.values[index].due = max(slots.values[index].due, due)
            if let place = slots.values[index].holds.index(forKey: account) {
                slots.values[index].holds.values[place] += holds
                return true
            }
            guard count < ExpiredHoldQueue.maximumEntries else { return false }
            slots.values[index].holds[account] = holds
        } else {
            guard count < ExpiredHoldQueue.maximumEntries else { return false }
            slots[number] = Slot(due: due, holds: [account: holds])
            nextDue = min(nextDue, due)
        }
        count += 1
        return true
    }

    /// An execution was settled, whose hold would have expired at `expires`. One that is not
    /// watched changes nothing.
    mutating func settled(_ account: Account, expires: Timestamp) {
        let number = ExpiredHoldQueue.slot(expires: expires, expiry: .uptimeNanoseconds(0))
        guard let index = slots.index(forKey: number),
            let place = slots.values[index].holds.index(forKey: account)
        else { return }
        slots.values[index].holds.values[place] -= 1
        guard slots.values[index].holds.values[place] == 0 else { return }
        slots.values[index].holds.remove(at: place)
        count -= 1
        if slots.values[index].holds.isEmpty { slots.remove(at: index) }
    }

    /// Slots by the ledger's clock, from 0; below 0 those by this process's clock.
    private static func slot(expires: Timestamp?, expiry: NIODeadline) -> Int {
        if let expires { return expires.ms / slotMs }
        return -1 - Int(expiry.uptimeNanoseconds / 1_000_000) / slotMs
    }

    /// The accounts that are due; they are not watched any more.
    mutating func dequeueDue(at now: NIODeadline) -> [Due] {
        guard nextDue <= now else { return [] }
        var dequeued: [Due] = []
        for (number, slot) in slots where slot.due <= now {
            let expires = Timestamp(ms: max(0, (number + 1) * ExpiredHoldQueue.slotMs))
            dequeued += slot.holds.map {
                Due(account: $0.key, holds: $0.value, since: slot.due, expires: expires)
            }
            slots[number] = nil
        }
        nextDue = slots.values.lazy.map(\.due).min() ?? .distantFuture
        count -= dequeued.count
        return dequeued
    }
}
