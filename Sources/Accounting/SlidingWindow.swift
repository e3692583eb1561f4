// The rule, as a value. (The other half of it, the ask against all limits, is `Charges`; the same rule as
// Lua beside the data is `RedisLedger/Scripts`, and a conformance suite holds the two equal, field by field.)
//
//  1. `now` is the ledger's clock, read once per call, and never steps back for an account.
//  2. An execution is charged to the instant it was admitted: 1 execution, and its grant in ms.
//  3. A charge made at `a` counts at every `t` with `a <= t < a + W`; exactly `W` old is outside.
//  4. Charges are kept in cells of width `W / N`. A cell counts whole until its latest charge is `W` old:
//     exact while a cell holds one charge, strict always, late by less than one cell.
//  5. An ask is admitted when for every limit `used + ask <= amount`; all are charged or none.
//  6. If less time is left than asked but at least the minimum, the grant is what is left.
//  7. Settling replaces the grant by the actual duration in the cell of admission, if that still counts.
//  8. A settle repeated changes nothing; an admit repeated while its id is held is the same grant.
//  9. A hold that is never settled expires by itself; its charge leaves with the window.
// 10. `retryAfterMs` is the earliest time until the same ask fits; above a limit's amount it never does.

/// The charges of one account within one window, in cells; integers only.
public struct SlidingWindow: Equatable, Sendable {
    public struct Cell: Equatable, Sendable {
        public internal(set) var number: Int
        public internal(set) var executions: Int
        public internal(set) var ms: Int
        public internal(set) var latest: Timestamp

        package init(number: Int, executions: Int, ms: Int, latest: Timestamp) {
            self.number = number
            self.executions = executions
            self.ms = ms
            self.latest = latest
        }
    }

    public let shape: WindowShape
    /// The cells that count, oldest first, at most `shape.cells + 1`; each holds at least one execution.
    public private(set) var cells: [Cell] = []
    /// The sums over ``cells``.
    public private(set) var executions = 0
    public private(set) var ms = 0
    /// The latest `now` that changed this window.
    public private(set) var clock = Timestamp(ms: 0)

    public init(shape: WindowShape) { self.shape = shape }

    public func used(_ meter: Meter) -> Int {
        switch meter {
        case .executions: executions
        case .executionTime: ms
        }
    }

    /// When the oldest cell leaves the window; nil when nothing counts.
    public var oldestLeaves: Timestamp? { cells.first.map { $0.latest + shape.lengthMs } }

    /// Drops the cells whose latest charge is a whole window old.
    mutating func advance(to now: Timestamp) {
        var gone = 0
        while gone < cells.count, cells[gone].latest + shape.lengthMs <= now {
            executions -= cells[gone].executions
            ms -= cells[gone].ms
            gone += 1
        }
        guard gone > 0 else { return }
        cells.removeFirst(gone)
        clock = now
    }

    /// Charges one execution and its grant to `now`, which must not be before ``clock``.
    mutating func charge(grantMs: Int, at now: Timestamp) {
        let number = shape.cell(at: now)
        if cells.last?.number != number {
            cells.append(Cell(number: number, executions: 0, ms: 0, latest: now))
        }
        let last = cells.count - 1
        let chargedExecutions = min(1, Bounds.cellExecutions - cells[last].executions)
        let chargedMs = min(grantMs, Bounds.cellMs - cells[last].ms)
        cells[last].executions += chargedExecutions
        cells[last].ms += chargedMs
        cells[last].latest = now
        executions += chargedExecutions
        ms += chargedMs
        clock = now
    }

    /// Adds `deltaMs`, which may be negative, to the cell that was charged at `admittedAt`.
    /// - Returns: false, with nothing changed, when that cell no longer counts.
    mutating func correct(by deltaMs: Int, admittedAt: Timestamp, at now: Timestamp) -> Bool {
        let number = shape.cell(at: admittedAt)
        guard let index = cells.lastIndex(where: { $0.number == number }) else { return false }
        let corrected = min(max(cells[index].ms + deltaMs, 0), Bounds.cellMs)
        ms += corrected - cells[index].ms
        cells[index].ms = corrected
        clock = now
        return true
    }

    /// The earliest instant at which `ask` more of `meter` fits under `amount`, if nothing else happens.
    /// - Precondition: `ask <= amount`, and it does not fit now.
    func fits(_ ask: Int, of meter: Meter, under amount: Int) -> Timestamp {
        var excess = used(meter) + ask - amount
        for cell in cells {
            excess -= meter == .executions ? cell.executions : cell.ms
            if excess <= 0 { return cell.latest + shape.lengthMs }
        }
        preconditionFailure("an ask of \(ask) never fits under \(amount)")
    }
}
