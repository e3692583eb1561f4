// A limit is a meter, an amount and a window. Limits that share a window's shape share its cells.

/// What a limit counts.
public enum Meter: String, Sendable, CaseIterable {
    /// Executions admitted: a count.
    case executions
    /// Execution time charged: milliseconds.
    case executionTime = "execution-time"

    /// The bounds of the amount of a limit with this meter.
    var amounts: ClosedRange<Int> {
        choose(executions: Bounds.executions, executionTime: Bounds.executionMs)
    }

    /// The value that belongs to this meter. Code distinguishes meters here or in a `switch`, so
    /// that a new meter does not compile until every such place handles it.
    @inlinable
    public func choose<Value>(
        executions: @autoclosure () -> Value, executionTime: @autoclosure () -> Value
    ) -> Value {
        switch self {
        case .executions: executions()
        case .executionTime: executionTime()
        }
    }
}

/// Length and resolution of a sliding window: `cells` cells of `lengthMs / cells` ms each. Example:
/// 60 cells of 1 s in a minute.
public struct WindowShape: Hashable, Sendable {
    /// 1 s to 31 days.
    public let lengthMs: Int
    /// 1 to 1,000.
    public let cells: Int

    public init(lengthMs: Int, cells: Int = 60) {
        self.lengthMs = lengthMs
        self.cells = cells
    }

    /// The number of the cell that contains `instant`, counted from 1970.
    package func cell(at instant: Timestamp) -> Int { instant.ms * cells / lengthMs }

    /// The first instant of a cell.
    package func start(ofCell number: Int) -> Timestamp {
        Timestamp(ms: (number * lengthMs + cells - 1) / cells)
    }

    /// The longest time, in ms, that a charge stays in the window, whatever else its cell holds.
    var longestStayMs: Int { lengthMs + (lengthMs + cells - 1) / cells }
}

/// At most `amount` of `meter` within any `window`.
public struct Limit: Hashable, Sendable {
    /// Unique within its plan; 1 to 64 bytes of `A-Z a-z 0-9 . _ -`. It is the policy's name in the
    /// RateLimit fields.
    public let name: String
    public let meter: Meter
    /// A count for ``Meter/executions``, ms for ``Meter/executionTime``.
    public let amount: Int
    public let window: WindowShape

    /// - Throws: ``PlanError`` naming the field that is out of its bounds.
    public init(name: String, meter: Meter, amount: Int, windowMs: Int, cells: Int = 60) throws(PlanError) {
        try PlanError.checkName(name, field: "name")
        try PlanError.check(amount, in: meter.amounts, field: "amount")
        try PlanError.check(windowMs, in: Bounds.windowMs, field: "windowMs")
        try PlanError.check(cells, in: Bounds.cells, field: "cells")
        self.name = name
        self.meter = meter
        self.amount = amount
        self.window = WindowShape(lengthMs: windowMs, cells: cells)
    }

    /// `limit` with another amount, which must be within the meter's bounds.
    init(_ limit: Limit, amount: Int) {
        name = limit.name
        meter = limit.meter
        self.amount = amount
        window = limit.window
    }
}
