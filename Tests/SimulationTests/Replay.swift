// Runs one recording through the rule in virtual time, and compares each verdict with the recorded
// verdict of the exact log, and with an exact log of the admissions here (histories part at the
// first difference).

import Accounting
import Recordings
import RuleTable
import SeededChance
import Testing

struct Replay: CustomStringConvertible {
    let trace: String
    let rule: TraceRule
    let cells: Int
    private(set) var rows = 0
    private(set) var deniedHere = 0
    private(set) var deniedExactly = 0
    /// Against the recorded verdicts: denied here alone is on the strict side, admitted here alone
    /// is not yet on the lax one, since our own earlier denials left room for it.
    private(set) var deniedHereAlone = 0
    private(set) var admittedHereAlone = 0
    /// The first difference of each account.
    private(set) var strictFirst = 0
    private(set) var laxFirst = 0
    /// Against the exact log of our own admissions.
    private(set) var heldBack = 0
    private(set) var tooMuch = 0
    private(set) var heldBackMoreThanACell = 0
    /// Differences of accounts none of whose cells ever holds two instants.
    private(set) var differencesOfSparseAccounts = 0

    var differences: Int { deniedHereAlone + admittedHereAlone }

    var description: String {
        """
        \(trace) \(rule), \(cells) cells: \(rows) rows, denied \(deniedExactly) exactly \
        and \(deniedHere) here; denied here alone \(deniedHereAlone), admitted here alone \
        \(admittedHereAlone); first differences \(strictFirst) strict, \(laxFirst) lax; \
        held back \(heldBack), too much \(tooMuch)
        """
    }

    init(_ trace: Trace, column: Int, cells: Int) throws {
        rule = trace.verdicts.rules[column]
        self.trace = trace.name
        self.cells = cells
        let limit = try Limit(
            name: "limit", meter: rule.costsTime ? .executionTime : .executions, amount: rule.amount,
            windowMs: TraceRule.windowMs, cells: cells)
        let plan = try Plan(name: "replay", limits: [limit])
        for account in trace.accounts {
            try replay(account, under: plan) { trace.verdicts.isAdmitted($0.index, by: column) }
        }
    }

    private mutating func replay(
        _ account: [Trace.Row], under plan: Plan, recorded: (Trace.Row) -> Bool
    ) throws {
        let cellMs = TraceRule.windowMs / cells
        let isSparse = zip(account, account.dropFirst()).allSatisfy {
            $0.offsetMs == $1.offsetMs || $0.offsetMs / cellMs != $1.offsetMs / cellMs
        }
        var ledger = AccountLedger()
        var own = ExactWindow(lengthMs: TraceRule.windowMs, amount: rule.amount)
        var differs = false
        var ids = SeededGenerator(seed: 1)
        for row in account {
            let cost = rule.cost(of: row)
            let durationMs = rule.costsTime ? cost : 0
            // A minimum of all that is asked: no partial grants.
            let ask = Ask(
                id: ExecutionID(using: &ids), isNew: true, durationMs: durationMs, minimumMs: durationMs)
            let verdict = ledger.answer(.admit(ask), under: plan, at: Scenario.beginning + row.offsetMs)
                .verdict
            let isAdmitted: Bool
            switch verdict {
            case .admitted(let grant):
                isAdmitted = true
                try #require(grant.durationMs == durationMs)
            case .denied: isAdmitted = false
            case let other: throw Unexpected(what: "\(self.trace) row \(row.index): \(other)")
            }
            own.advance(to: row.offsetMs)
            compare(isAdmitted, with: own, cost, at: row.offsetMs, cellMs: cellMs)
            if isAdmitted { own.admit(cost, at: row.offsetMs) }
            let recorded = recorded(row)
            count(isAdmitted, recorded, isFirst: !differs, isSparse: isSparse)
            differs = differs || isAdmitted != recorded
        }
    }

    /// Never more than the exact log of our own admissions admits, and at most a cell less.
    private mutating func compare(
        _ isAdmitted: Bool, with own: ExactWindow, _ cost: Int, at t: Int, cellMs: Int
    ) {
        if isAdmitted, !own.fits(cost) { tooMuch += 1 }
        guard !isAdmitted, own.fits(cost) else { return }
        heldBack += 1
        if own.fits(cost + own.mayLinger(at: t, cellMs: cellMs)) { heldBackMoreThanACell += 1 }
    }

    private mutating func count(_ isAdmitted: Bool, _ recorded: Bool, isFirst: Bool, isSparse: Bool) {
        rows += 1
        if !isAdmitted { deniedHere += 1 }
        if !recorded { deniedExactly += 1 }
        guard isAdmitted != recorded else { return }
        if isAdmitted { admittedHereAlone += 1 } else { deniedHereAlone += 1 }
        if isFirst, isAdmitted { laxFirst += 1 }
        if isFirst, !isAdmitted { strictFirst += 1 }
        if isSparse { differencesOfSparseAccounts += 1 }
    }
}

/// Something that a test cannot go on from.
struct Unexpected: Error, CustomStringConvertible {
    let what: String
    var description: String { what }
}
