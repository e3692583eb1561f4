// Receives everything that the ledger does and compares it with its own exact log: the correct
// answer, the charges, what counts. It knows the rule's sentences, and nothing of the rule's code.

import Accounting
import Oracle

/// What the auditor found wrong.
struct Complaint: Error, CustomStringConvertible {
    enum Kind {
        /// An id that is held was charged again.
        case chargedTwice
        /// More was admitted than the limit has.
        case overLimit
        /// Something ran, or may run, that is not charged for.
        case runsFree
        /// Another answer was due.
        case wrongAnswer
        /// The ledger counts something else than was charged.
        case miscounted
    }

    let kind: Kind
    let text: String

    init(_ kind: Kind, _ text: String) {
        self.kind = kind
        self.text = text
    }

    var description: String { "\(kind): \(text)" }
}

struct Auditor {
    /// What is known about one account.
    fileprivate struct Book {
        /// What was admitted, and what became of it.
        var log = SlidingLog()
        /// The same by the time of each window, which stands still or restarts when the clock is
        /// set back.
        var windows: [WindowShape: SlidingLog] = [:]
        /// What time it is for each window, and when it was changed last.
        var times: [WindowShape: Int] = [:]
        var changes: [WindowShape: Int] = [:]
        var holds: [ExecutionID: (grant: Grant, label: Label, expires: Int)] = [:]
        /// Holds that had expired when a window restarted; the ledger may not have swept them.
        var expired: [ExecutionID: Grant] = [:]
    }

    /// The limits with the largest amounts that were ever in force.
    private let largest: [Limit]
    /// Whether the ledger's clock is ever set; if not, its time is all windows' time, whatever the
    /// ledger thinks.
    private let clockIsSet: Bool
    private var books: [Account: Book] = [:]

    init(largest: [Limit], clockIsSet: Bool) {
        self.largest = largest
        self.clockIsSet = clockIsSet
    }

    /// How many charges were made.
    var charges: Int { books.values.reduce(0) { $0 + $1.log.charges.count } }

    /// - Parameters:
    ///   - clock: the ledger's clock in ms.
    ///   - kept: what the ledger keeps after its answer.
    mutating func receive(
        _ verdict: Verdict, to question: Question, about account: Account, under plan: Plan,
        at clock: Int,
        kept: AccountLedger
    ) throws(Complaint) {
        var book = books[account] ?? Book()
        let t = book.advance(largest, to: clock)
        switch question {
        case .admit(let ask): try book.receive(verdict, to: ask, under: plan, at: t)
        case .settle(let id, let durationMs, _):
            try book.receive(verdict, settling: id, durationMs, under: plan, at: t)
        case .peek:
            if verdict != .peeked { throw Complaint(.wrongAnswer, "\(verdict) to a peek") }
        }
        try book.compare(with: kept, largest, at: t)
        if clockIsSet { book.changes = kept.windows.mapValues(\.clock.ms) }
        books[account] = book
    }

    /// Whether `id` was charged for and settled: a further charge is then for a request that came
    /// too late.
    func hasSettled(_ id: ExecutionID, of account: Account) -> Bool {
        books[account]?.log.charges.contains { $0.id == id && $0.isSettled } == true
    }

    /// The ledger refused, so nothing may have changed.
    func hearRefusal(about account: Account, at clock: Int, kept: AccountLedger) throws(Complaint) {
        var book = books[account] ?? Book()
        let t = book.advance(largest, to: clock)
        try book.compare(with: kept, largest, at: t)
    }

    /// A runner starts: that must have been charged.
    func check(_ id: ExecutionID, _ grant: Grant, of account: Account) throws(Complaint) {
        guard books[account]?.log.charges.contains(where: { $0.is(id, grant) }) == true else {
            throw Complaint(.runsFree, "\(id) runs on \(grant), which is not charged")
        }
    }

    /// When all is over: `id` ran on `grant` for `durationMs`, and its runner heard `receipt` or
    /// nothing.
    func close(
        _ id: ExecutionID, _ grant: Grant, of account: Account, ran durationMs: Int, _ receipt: Receipt?
    ) throws(Complaint) {
        guard let charge = books[account]?.log.charges.first(where: { $0.is(id, grant) }) else {
            throw Complaint(.runsFree, "\(id) ran on \(grant), which is not charged")
        }
        if charge.chargedMs < min(durationMs, grant.durationMs) {
            throw Complaint(.runsFree, "\(id) ran for \(durationMs) ms and is charged \(charge.chargedMs)")
        }
        if !charge.isSettled, charge.chargedMs != grant.durationMs {
            throw Complaint(
                .miscounted, "\(id) is not settled and is charged \(charge.chargedMs) of \(grant)")
        }
        // A request that comes after its settlement is charged anew, and a second settlement then
        // finds that.
        let isTrue = receipt.map { receipt in
            books[account]?.log.charges.contains {
                $0.id == id && $0.isSettled && $0.chargedMs == receipt.chargedMs
            } == true
        }
        if isTrue == false { throw Complaint(.wrongAnswer, "\(id) was told \(receipt!) and not \(charge)") }
    }
}

extension Auditor.Book {
    /// A window whose clock was set back by more than itself and a cell restarts, by less it
    /// stands still.
    /// - Returns: what time it is for the account.
    fileprivate mutating func advance(_ limits: [Limit], to clock: Int) -> Int {
        for limit in limits {
            let (window, change) = (limit.window, changes[limit.window] ?? 0)
            let stay = window.lengthMs + (window.lengthMs + window.cells - 1) / window.cells
            times[window] = max(clock, change)
            guard change - clock > stay else { continue }
            windows[window]?.restart(within: limit, at: clock, before: change)
            for (id, hold) in holds where hold.expires <= change {
                expired[id] = hold.grant
                holds[id] = nil
            }
            (times[window], changes[window]) = (clock, clock)
        }
        return times.values.max() ?? clock
    }

    /// What counts of the limit now.
    private func used(of limit: Limit) -> Int {
        windows[limit.window]?.usedInCells(of: limit, at: times[limit.window] ?? 0) ?? 0
    }

    fileprivate mutating func receive(
        _ verdict: Verdict, to ask: Ask, under plan: Plan, at t: Int
    ) throws(Complaint) {
        let due = due(ask, under: plan, at: t)
        switch (verdict, due) {
        case (.admitted(let grant), _):
            if case .held = due { throw Complaint(.chargedTwice, "\(ask) got \(grant) while it was held") }
            log.admit(ask.id, grant)
            for (window, time) in times {
                let charged = Grant(admittedAt: Timestamp(ms: time), durationMs: grant.durationMs)
                windows[window, default: SlidingLog()].admit(ask.id, charged)
            }
            for limit in plan.limits {
                let used = windows[limit.window]?.used(of: limit, at: times[limit.window] ?? 0) ?? 0
                if used > limit.amount { throw Complaint(.overLimit, "\(used) of \(limit) after \(ask)") }
            }
            guard case .admitted(grant) = due else {
                throw Complaint(.wrongAnswer, "\(verdict) to \(ask) and not \(due)")
            }
            let stay = plan.windows.map { $0.lengthMs + ($0.lengthMs + $0.cells - 1) / $0.cells }.max() ?? 0
            holds[ask.id] = (grant, ask.label, t + max(stay, grant.durationMs + 30_000))
        case (.held(let grant), .held(let held)) where grant == held: break
        case (.held(let grant), _):
            throw Complaint(.runsFree, "\(ask) is told that it holds \(grant), and not \(due)")
        case (.denied(let denial), .denied(let other))
        where denial.violated == other.violated
            && (denial.retryAfterMs == nil) == (other.retryAfterMs == nil):
            break
        default: throw Complaint(.wrongAnswer, "\(verdict) to \(ask) and not \(due)")
        }
    }

    /// The verdict that is due; of a denial's `retryAfterMs` only whether there is one.
    private func due(_ ask: Ask, under plan: Plan, at t: Int) -> Verdict {
        if let hold = holds[ask.id], t < hold.expires { return .held(hold.grant) }
        var grantMs = ask.durationMs
        var denial = Denial(violated: 0, retryAfterMs: 0)
        for (index, limit) in plan.limits.enumerated() {
            let left = limit.amount - used(of: limit)
            let needed = limit.meter == .executions ? 1 : min(ask.durationMs, max(1, ask.minimumMs))
            if left < needed {
                denial.violated |= 1 << UInt32(index)
                if needed > limit.amount { denial.retryAfterMs = nil }
            } else if limit.meter == .executionTime {
                grantMs = min(grantMs, left)
            }
        }
        if denial.violated != 0 { return .denied(denial) }
        return .admitted(Grant(admittedAt: Timestamp(ms: t), durationMs: grantMs))
    }

    fileprivate mutating func receive(
        _ verdict: Verdict, settling id: ExecutionID, _ durationMs: Int, under plan: Plan, at t: Int
    ) throws(Complaint) {
        guard let hold = holds[id], t < hold.expires else {
            if verdict != .notHeld { throw Complaint(.wrongAnswer, "\(verdict) to settling \(id), not held") }
            return
        }
        let grantMs = hold.grant.durationMs
        let counting = plan.limits.filter {
            windows[$0.window]?.counts(id, within: $0, at: times[$0.window] ?? 0) == true
        }
        let counts = !counting.isEmpty
        let chargedMs = counts ? durationMs : grantMs
        let due = Receipt(
            chargedMs: chargedMs, returnedMs: max(0, grantMs - chargedMs),
            overrunMs: max(0, durationMs - grantMs), grant: hold.grant, label: hold.label)
        guard case .settled(let receipt) = verdict else {
            throw Complaint(.wrongAnswer, "\(verdict) to settling \(id), which is held")
        }
        if receipt.chargedMs < due.chargedMs {
            throw Complaint(.runsFree, "\(id) ran for \(durationMs) ms: \(receipt) and not \(due)")
        }
        if receipt != due {
            throw Complaint(.wrongAnswer, "\(id) ran for \(durationMs) ms: \(receipt) and not \(due)")
        }
        log.settle(id, chargedMs: chargedMs)
        for window in Set(counting.map(\.window)) { windows[window]?.settle(id, chargedMs: chargedMs) }
        holds[id] = nil
    }

    /// The ledger keeps exactly what was charged, and that is within the limits.
    fileprivate func compare(with kept: AccountLedger, _ limits: [Limit], at t: Int) throws(Complaint) {
        for limit in limits {
            let granted = windows[limit.window]?.granted(of: limit, at: times[limit.window] ?? 0) ?? 0
            if granted > limit.amount { throw Complaint(.overLimit, "\(granted) of \(limit)") }
            let counted = kept.windows[limit.window]?.used(limit.meter) ?? 0
            let due = used(of: limit)
            if counted != due { throw Complaint(.miscounted, "\(counted) and not \(due) of \(limit)") }
        }
        let held = kept.holds.filter { $0.value.expires.ms > t && expired[$0.key] != $0.value.grant }
            .mapValues(\.grant)
        let due = holds.filter { $0.value.expires > t }.mapValues(\.grant)
        if held != due { throw Complaint(.miscounted, "held are \(held) and not \(due)") }
    }
}

extension SlidingLog.Charge {
    fileprivate func `is`(_ id: ExecutionID, _ grant: Grant) -> Bool {
        self.id == id && at == grant.admittedAt.ms && grantMs == grant.durationMs
    }
}
