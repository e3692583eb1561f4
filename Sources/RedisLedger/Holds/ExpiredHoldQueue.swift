// Which accounts may have executions that will never be settled, and when their holds expire.
// Admissions search for expired holds too, but rarely, and only while there are admissions. So the
// process that admitted the executions returns to the account.

import Accounting
import NIOCore

/// The executions that this process admitted and did not settle yet, by the instant at which their
/// holds expire. It is bounded: holds that do not fit are found when somebody looks at the account.
struct ExpiredHoldQueue {
    /// The maximum number of watched accounts, each counted once per ``slotMs`` in which holds of
    /// it expire: some 20 MB.
    static let maximumEntries = 200_000
    /// Holds that expire within the same slot of this length, in ms of the ledger's clock, are
    /// searched for together.
    static let slotMs = 4_000
    /// The pause after the last hold of a slot has expired, because clocks differ.
    static let margin = TimeAmount.seconds(5)

    /// An account with holds that have expired.
    struct Due {
        let account: Account
        /// The number of holds, at most: some may have been settled elsewhere.
        var holds: Int
        /// The instant at which it became due.
        let since: NIODeadline
        /// By when the last of the holds has expired, on the ledger's clock.
        let expires: Timestamp
        /// Where the search continues (`Scripts/Inspect/sweep.lua`).
        var cursor = "0"
    }

    private struct Slot {
        var due: NIODeadline
        var holds: [Account: Int] = [:]
    }

    private var slots: [Int: Slot] = [:]
    /// Nothing is due before this instant.
    private var nextDue = NIODeadline.distantFuture
    /// The number of accounts, each counted once per slot.
    private(set) var count = 0

    /// Watches executions that were admitted, or may have been.
    /// - Parameters:
    ///   - holds: their number.
    ///   - expires: when their holds expire on the ledger's clock; nil if the reply was lost.
    ///   - expiry: the same instant on this process's clock.
    /// - Returns: false if the queue is full.
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

    /// Stops watching a settled execution whose hold would have expired at `expires`. Changes
    /// nothing if it is not watched.
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

    /// The slot of an expiry: from 0 by the ledger's clock, below 0 by this process's clock.
    private static func slot(expires: Timestamp?, expiry: NIODeadline) -> Int {
        if let expires { return expires.ms / slotMs }
        return -1 - Int(expiry.uptimeNanoseconds / 1_000_000) / slotMs
    }

    /// Removes and returns the accounts that are due.
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
