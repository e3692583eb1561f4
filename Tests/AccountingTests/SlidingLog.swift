// An exact sliding log, written from the rule's sentences and not from the rule's code: every charge with its
// instant, for ever. Slow and obviously right; the properties compare the rule with it.

import Accounting

/// Every charge of one account that was ever made.
struct SlidingLog {
    struct Charge {
        let id: ExecutionID
        let at: Int
        var ms: Int
    }

    private(set) var charges: [Charge] = []

    mutating func admit(_ id: ExecutionID, _ grant: Grant) {
        charges.append(Charge(id: id, at: grant.admittedAt.ms, ms: grant.durationMs))
    }

    mutating func settle(_ id: ExecutionID, chargedMs: Int) {
        let index = charges.lastIndex { $0.id == id }!
        charges[index].ms = chargedMs
    }

    /// What counts against `limit` at `t`: charges made in `t - W < a <= t`.
    func used(of limit: Limit, at t: Int) -> Int {
        charges.reduce(0) { sum, charge in
            charge.at <= t && t < charge.at + limit.window.lengthMs ? sum + amount(charge, limit) : sum
        }
    }

    /// What left the window by `t` and may still be held back: it shares the cell of the window's edge.
    func mayLinger(of limit: Limit, at t: Int) -> Int {
        let edge = t - limit.window.lengthMs
        return charges.reduce(0) { sum, charge in
            charge.at <= edge && cell(charge.at, limit) == cell(edge, limit)
                ? sum + amount(charge, limit) : sum
        }
    }

    private func amount(_ charge: Charge, _ limit: Limit) -> Int {
        limit.meter == .executions ? 1 : charge.ms
    }

    private func cell(_ t: Int, _ limit: Limit) -> Int { t * limit.window.cells / limit.window.lengthMs }
}
