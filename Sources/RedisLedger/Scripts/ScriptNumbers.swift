// The numbers of the scripts by their names in Lua. Numbers that Swift uses too come from their
// definition in Swift.

import Accounting

enum ScriptNumbers {
    static let all: [String: Int] = codes.merging(bounds) { $1 }.merging(window) { $1 }

    /// Questions and verdicts (call.lua).
    private static let codes: [String: Int] = [
        "ADMIT": Int(QuestionCode.admit.rawValue),
        "ADMIT_FRESH": Int(QuestionCode.admitFresh.rawValue),
        "SETTLE": Int(QuestionCode.settle.rawValue),
        "PEEK": Int(QuestionCode.peek.rawValue),
        "HELD": Int(VerdictCode.held.rawValue),
        "ADMITTED": Int(VerdictCode.admitted.rawValue),
        "DENIED": Int(VerdictCode.denied.rawValue),
        "SETTLED": Int(VerdictCode.settled.rawValue),
        "NOT_HELD": Int(VerdictCode.notHeld.rawValue),
        "PEEKED": Int(VerdictCode.peeked.rawValue),
        "DAMAGED": Int(VerdictCode.damaged.rawValue),
        "LOST_ROWS": Int(VerdictCode.lostRows.rawValue),
        "ADMITTED_NEW": Int(VerdictCode.admittedNew.rawValue),
        "REFUSED_NEW": Int(VerdictCode.refusedNew.rawValue),
        "DENIED_NEW": Int(VerdictCode.deniedNew.rawValue),
        "RESTART_MARK": Int(VerdictCode.restartMark),
        "EXECUTIONS_METER": Int(Meter.executions.code),
        "EXECUTION_TIME": Int(Meter.executionTime.code),
        // The outcome of an execution that was never settled.
        "EXPIRED": 5,
    ]

    /// Bounds of numbers, and times to live in ms.
    private static let bounds: [String: Int] = [
        "HOLD_GRACE_MS": Hold.graceMs,
        "DURATION_MS_MAX": Bounds.durationMs.upperBound,
        "CELL_EXECUTIONS_MAX": Bounds.cellExecutions,
        "CELL_MS_MAX": Bounds.cellMs,
        "INTEGERS_END": 1 << 53,
        // The latest clock, and a bound that no instant derived from a clock reaches.
        "LATEST_CLOCK": 1 << 43,
        "INSTANTS_END": 1 << 44,
        "LOG_LIFE_MS": Bounds.logLifeMs,
        "DAY_MS": 86_400_000,
        // How much longer an account ledger lives than the rule needs. With a log: long enough for
        // a sweep to find expired holds.
        "LINGER_MS": 10_000,
        "LINGER_WITH_LOG_MS": 600_000,
    ]

    /// The layout of a stored window, in bytes and cells, and of its array in a call (window.lua).
    private static let window: [String: Int] = [
        "BLOCK_CELLS": PackedWindow.blockCells,
        "CELL_BYTES": PackedWindow.cellBytes,
        "BLOCK_BYTES": PackedWindow.blockBytes,
        "WINDOW_BYTES": PackedWindow.ownBytes,
        "WINDOW_BYTES_MAX": PackedWindow.ownBytes + (PackedWindow.blockCells - 1) * PackedWindow.cellBytes,
        "EPOCH_MARK": PackedWindow.epochMark,
        "OWN_BYTES_MAX": 200,
        "HOLD_BYTES_MAX": 1024,
        "NAME": 1, "LENGTH": 2, "CELLS": 3, "TAIL": 4, "BLOCKS": 5,
        "CLOCK": 6, "EXECUTIONS": 7, "MS": 8,
        "NEW_LATEST": 9, "NEW_EXECUTIONS": 10, "NEW_MS": 11,
        "OLD_LATEST": 12, "OLD_EXECUTIONS": 13, "OLD_MS": 14,
        "CHANGED": 15, "EPOCH": 16, "RESTARTED": 17,
    ]
}

/// The question, in a byte.
enum QuestionCode: UInt8 {
    case admit = 0
    /// With an id that was made for this ask, so it is not held.
    case admitFresh = 1
    case settle = 2
    case peek = 3
}

/// The script's verdict, in a byte.
enum VerdictCode: UInt8 {
    case held = 0
    case admitted = 1
    case denied = 2
    case settled = 3
    case notHeld = 4
    case peeked = 5
    /// The account ledger is damaged; nothing was done.
    case damaged = 6
    /// Not a verdict: the number of lost rows follows.
    case lostRows = 7
    /// Admitted; the account was new.
    case admittedNew = 8
    /// Not admitted, because the account is new.
    case refusedNew = 9
    /// Denied; the account is new.
    case deniedNew = 10

    /// Added to the first verdict of an account of which a window restarted because the clock was
    /// set back.
    static let restartMark: UInt8 = 64
}

extension Meter {
    /// The meter, in a byte.
    var code: UInt8 { choose(executions: 0, executionTime: 1) }
}
