// A plan and what happens under it, step by step: the rule's table, which every ledger must follow.
// The other files of this folder have the steps, by the lines of the rule.

public import Accounting

public struct Scenario: Sendable, CustomStringConvertible {
    /// A sentence.
    public let name: String
    public let plan: Plan
    public let steps: [Step]

    public var description: String { name }

    /// Where time begins in every scenario: midnight, so an edge of cells up to a day long that
    /// divide it.
    public static let beginning = Timestamp(ms: 1_770_076_800_000)

    public static let all = timeAndCells + grantsAndDenials + settlements + holds

    init(_ name: String, _ limits: [Limit], _ steps: [Step]...) {
        self.name = name
        self.plan = try! Plan(name: "scenario", limits: limits)
        self.steps = steps.flatMap(\.self)
    }
}

extension Limit {
    /// A limit of a scenario: its parts are literals, so it is a bug in the test when they are out
    /// of bounds.
    static func executions(_ amount: Int, per windowMs: Int, cells: Int = 60) -> Limit {
        try! Limit(
            name: "executions-\(windowMs)", meter: .executions, amount: amount, windowMs: windowMs,
            cells: cells)
    }

    static func time(_ amount: Int, per windowMs: Int, cells: Int = 60) -> Limit {
        try! Limit(
            name: "time-\(windowMs)", meter: .executionTime, amount: amount, windowMs: windowMs, cells: cells)
    }
}
