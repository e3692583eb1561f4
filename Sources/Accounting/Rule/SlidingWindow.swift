// The rule, as a value. `Charges` has the other half, the ask against all limits. The same rule in
// Lua, next to the data, is in `RedisLedger/Scripts`; a conformance suite compares the two field by
// field.
//
//  1. `now` is the ledger's clock, read once per call. A window's time never goes back: while the
//     clock is behind, it stands still. If the clock is behind by more than `W + W / N`, the window
//     restarts, with all its charges made now.
//  2. An execution is charged at the instant of its admission: 1 execution, and its grant in ms.
//  3. A charge made at `a` counts at every `t` with `a <= t < a + W`. At exactly `W` it is outside.
//  4. Charges are kept in cells of width `W / N`. A cell counts whole until its latest charge is
//     `W` old: exact while a cell holds one charge, strict always, late by less than one cell.
//  5. An ask is admitted if `used + ask <= amount` for every limit. All are charged, or none.
//  6. If less time is left than asked, but at least the minimum, the grant is what is left.
//  7. Settling replaces the grant by the actual duration, in the cell of admission, if that cell
//     still counts and its window did not restart since.
//  8. A settle repeated changes nothing. An admit repeated while its id is held is the same grant.
//  9. A hold that is never settled expires by itself. Its charge leaves with the window.
// 10. `retryAfterMs` is the earliest time until the same ask fits. Above a limit's amount it never
//     does.

/// The charges of one account within one window, in cells; integers only.
public struct SlidingWindow: Equatable, Sendable {
    /// A part of the window with its own sums.
    public struct Cell: Equatable, Sendable {
        public internal(set) var number: Int
        public internal(set) var executions: Int
        public internal(set) var executionTimeMs: Int
        public internal(set) var latest: Timestamp

        package init(number: Int, executions: Int, executionTimeMs: Int, latest: Timestamp) {
            self.number = number
            self.executions = executions
            self.executionTimeMs = executionTimeMs
            self.latest = latest
        }
    }

    public let shape: WindowShape
    /// The cells that count, oldest first, at most `shape.cells + 1`; each holds at least one
    /// execution.
    public private(set) var cells: [Cell] = []
    /// The sums over ``cells``.
    public private(set) var executions = 0
    public private(set) var executionTimeMs = 0
    /// The latest `now` that changed this window.
    public private(set) var clock = Timestamp(ms: 0)
    /// The latest instant before this window restarted; 0 if it never did. Charges at instants up
    /// to this one may have been made before the restart. Only those with this epoch were made
    /// since.
    public private(set) var epoch = Timestamp(ms: 0)

    public init(shape: WindowShape) { self.shape = shape }

    /// - Parameter cells: the cells that count at `clock`, oldest first.
    package init(shape: WindowShape, cells: [Cell], clock: Timestamp) {
        self.shape = shape
        self.cells = cells
        self.clock = clock
        executions = cells.reduce(0) { $0 + $1.executions }
        executionTimeMs = cells.reduce(0) { $0 + $1.executionTimeMs }
    }

    public func used(_ meter: Meter) -> Int {
        meter.choose(executions: executions, executionTime: executionTimeMs)
    }

    /// When the oldest cell leaves the window; nil if nothing counts.
    public var oldestLeaves: Timestamp? { cells.first.map { $0.latest + shape.lengthMs } }

    /// The window's time: it stands still while the ledger's clock is behind.
    func now(at ledgerClock: Timestamp) -> Timestamp { max(ledgerClock, clock) }

    /// Restarts if the ledger's clock was set back by more than the window and a cell, then drops
    /// the cells whose latest charge is a whole window old.
    package mutating func advance(to ledgerClock: Timestamp) {
        if clock - ledgerClock > shape.longestStayMs { restart(at: ledgerClock) }
        let now = now(at: ledgerClock)
        var gone = 0
        while gone < cells.count, cells[gone].latest + shape.lengthMs <= now {
            executions -= cells[gone].executions
            executionTimeMs -= cells[gone].executionTimeMs
            gone += 1
        }
        guard gone > 0 else { return }
        cells.removeFirst(gone)
        clock = now
    }

    /// Keeps everything that counts, as charged now, in one cell.
    private mutating func restart(at now: Timestamp) {
        epoch = max(epoch + 1, clock)
        clock = now
        executions = min(executions, Bounds.cellExecutions)
        executionTimeMs = min(executionTimeMs, Bounds.cellMs)
        let all = Cell(
            number: shape.cell(at: now), executions: executions, executionTimeMs: executionTimeMs, latest: now
        )
        cells = executions == 0 ? [] : [all]
    }

    /// Forgets everything that counts: the window restarts, empty. Earlier charges can no longer be
    /// corrected.
    mutating func forget(at ledgerClock: Timestamp) {
        advance(to: ledgerClock)
        clock = now(at: ledgerClock)
        epoch = max(epoch + 1, clock)
        cells = []
        executions = 0
        executionTimeMs = 0
    }

    /// Charges one execution and its grant at `now`, which must not be before ``clock``.
    mutating func charge(grantMs: Int, at now: Timestamp) {
        let number = shape.cell(at: now)
        if cells.last?.number != number {
            cells.append(Cell(number: number, executions: 0, executionTimeMs: 0, latest: now))
        }
        let last = cells.count - 1
        let chargedExecutions = min(1, Bounds.cellExecutions - cells[last].executions)
        let chargedMs = min(grantMs, Bounds.cellMs - cells[last].executionTimeMs)
        cells[last].executions += chargedExecutions
        cells[last].executionTimeMs += chargedMs
        cells[last].latest = now
        executions += chargedExecutions
        executionTimeMs += chargedMs
        clock = now
    }

    /// Whether a charge was made since this window restarted, or it never restarted.
    func isOfCurrentEpoch(_ moment: ChargeMoment) -> Bool { moment.instant > epoch || moment.epoch == epoch }

    /// Adds `deltaMs`, which may be negative, to the cell that was charged at `moment`.
    /// - Returns: false, with nothing changed, if that cell no longer counts.
    mutating func correct(by deltaMs: Int, chargedAt moment: ChargeMoment, at now: Timestamp) -> Bool {
        guard isOfCurrentEpoch(moment) else { return false }
        let number = shape.cell(at: moment.instant)
        guard let index = cells.lastIndex(where: { $0.number == number }) else { return false }
        let corrected = min(max(cells[index].executionTimeMs + deltaMs, 0), Bounds.cellMs)
        executionTimeMs += corrected - cells[index].executionTimeMs
        cells[index].executionTimeMs = corrected
        clock = now
        return true
    }

    /// The earliest instant at which `ask` more of `meter` fits under `amount`, if nothing else
    /// happens.
    /// - Precondition: `ask <= amount`, and it does not fit now.
    func fits(_ ask: Int, of meter: Meter, under amount: Int) -> Timestamp {
        var excess = used(meter) + ask - amount
        for cell in cells {
            excess -= cell.used(meter)
            if excess <= 0 { return cell.latest + shape.lengthMs }
        }
        preconditionFailure("an ask of \(ask) never fits under \(amount)")
    }
}

/// When a window was charged: an instant of the window's time, and its epoch.
struct ChargeMoment: Equatable, Sendable {
    let instant: Timestamp
    /// The window's ``SlidingWindow/epoch`` at that instant.
    let epoch: Timestamp
}
