// An exact sliding log, written from the rule's sentences and not from the rule's code: every
// charge with its instant, for ever. Slow and obviously right; properties and simulations compare
// the rule with it.

public import Accounting

/// Every charge of one account that was ever made.
public struct SlidingLog: Sendable {
    public struct Charge: Sendable {
        public let id: ExecutionID
        /// The instant of admission, in ms.
        public fileprivate(set) var at: Int
        public let grantMs: Int
        /// What is charged: the grant until it is settled.
        public fileprivate(set) var chargedMs: Int
        public fileprivate(set) var isSettled = false
        /// It was made before the window restarted, so a settlement does not correct it.
        fileprivate var isFixed = false
    }

    public private(set) var charges: [Charge] = []

    public init() {}

    public mutating func admit(_ id: ExecutionID, _ grant: Grant) {
        charges.append(
            Charge(id: id, at: grant.admittedAt.ms, grantMs: grant.durationMs, chargedMs: grant.durationMs))
    }

    /// Replaces the latest charge of `id`.
    public mutating func settle(_ id: ExecutionID, chargedMs: Int) {
        let index = charges.lastIndex { $0.id == id }!
        charges[index].chargedMs = chargedMs
        charges[index].isSettled = true
    }

    /// The window of `limit` restarts at `now`: what counts within its cells at `t` is charged
    /// now, and all else has left.
    public mutating func restart(within limit: Limit, at now: Int, before t: Int) {
        let edge = t - limit.window.lengthMs
        let edgeCounts = edgeCellCounts(of: limit, at: t)
        charges.removeAll {
            $0.at <= edge && !(edgeCounts && $0.cell(of: limit) == limit.cell(at: edge))
        }
        for index in charges.indices { (charges[index].at, charges[index].isFixed) = (now, true) }
    }

    /// What counts against `limit` at `t`: charges made in `t - W < a <= t`.
    public func used(of limit: Limit, at t: Int) -> Int {
        charges.reduce(0) { sum, charge in
            charge.isInWindow(of: limit, at: t) ? sum + charge.amount(of: limit) : sum
        }
    }

    /// What of it was granted: an over-run beyond the grant, which nobody could deny, is left out.
    public func granted(of limit: Limit, at t: Int) -> Int {
        charges.reduce(0) { sum, charge in
            charge.isInWindow(of: limit, at: t)
                ? sum + min(charge.amount(of: limit), charge.most(of: limit)) : sum
        }
    }

    /// What left the window by `t` and may still be held back: it shares the cell of the window's
    /// edge.
    public func mayLinger(of limit: Limit, at t: Int) -> Int {
        let edge = t - limit.window.lengthMs
        return charges.reduce(0) { sum, charge in
            charge.at <= edge && charge.cell(of: limit) == limit.cell(at: edge)
                ? sum + charge.amount(of: limit) : sum
        }
    }

    /// What counts when a cell counts whole until its latest charge has left.
    public func usedInCells(of limit: Limit, at t: Int) -> Int {
        used(of: limit, at: t) + (edgeCellCounts(of: limit, at: t) ? mayLinger(of: limit, at: t) : 0)
    }

    /// Whether the latest charge of `id` counts within the cells of `limit` at `t`.
    public func counts(_ id: ExecutionID, within limit: Limit, at t: Int) -> Bool {
        guard let charge = charges.last(where: { $0.id == id }), !charge.isFixed else { return false }
        let edge = t - limit.window.lengthMs
        return charge.at > edge
            || charge.cell(of: limit) == limit.cell(at: edge) && edgeCellCounts(of: limit, at: t)
    }

    /// Whether a charge that is still in the window shares the cell of the window's edge.
    private func edgeCellCounts(of limit: Limit, at t: Int) -> Bool {
        let edge = t - limit.window.lengthMs
        return charges.contains { $0.at > edge && $0.cell(of: limit) == limit.cell(at: edge) }
    }
}

extension SlidingLog.Charge {
    fileprivate func isInWindow(of limit: Limit, at t: Int) -> Bool {
        at <= t && t < at + limit.window.lengthMs
    }

    fileprivate func amount(of limit: Limit) -> Int {
        limit.meter.choose(executions: 1, executionTime: chargedMs)
    }

    fileprivate func most(of limit: Limit) -> Int {
        limit.meter.choose(executions: 1, executionTime: grantMs)
    }

    fileprivate func cell(of limit: Limit) -> Int { limit.cell(at: at) }
}

extension Limit {
    /// The number of the cell that `t` falls into.
    fileprivate func cell(at t: Int) -> Int { t * window.cells / window.lengthMs }
}
