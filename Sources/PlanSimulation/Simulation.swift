// "What if this plan had been in force?" The rule decides a trace in virtual time, under one plan
// or several. It needs no service and reads no clock. docs/LOAD.md describes it for operators.

public import Accounting
public import Traces

/// A simulation of one trace, to be used once.
public struct Simulation {
    /// The number of plans in one simulation.
    public static let plans = 1...32

    private let mode: SimulationMode
    private var plans: [SimulatedPlan]
    private var rows = 0
    private var rowsWithoutDuration = 0
    private var rowsCut = 0
    private var latestMs = 0

    /// - Parameters:
    ///   - mode: how rows are put to the rule.
    ///   - plans: the plans to compare.
    ///   - kind: the kind of every execution; nil: `function`, or the plan's only kind.
    /// - Throws: ``SimulationError`` if there are too many plans, or one does not have the kind.
    public init(
        _ mode: SimulationMode, under plans: [Plan], kind: String? = nil
    ) throws(SimulationError) {
        guard Self.plans.contains(plans.count) else {
            throw SimulationError(
                description:
                    "\(plans.count) plans; name \(Self.plans.lowerBound) to \(Self.plans.upperBound) with --plan"
            )
        }
        self.mode = mode
        self.plans = try plans.map { plan throws(SimulationError) in
            SimulatedPlan(plan, asks: try SimulatedAsk(mode, under: plan, kind: kind))
        }
    }

    /// Simulates the whole trace.
    /// - Parameters:
    ///   - trace: the rows.
    ///   - verdicts: gets the verdict on every row under every plan, in the order of rows.
    ///   - top: how many accounts with denials the report names.
    /// - Throws: ``TraceError``, or an error of the writer's sink.
    public mutating func play(
        _ trace: inout TraceReader, to verdicts: consuming VerdictWriter? = nil, top: Int = 10
    ) throws -> SimulationReport {
        while let row = try trace.next() {
            rows += 1
            latestMs = row.offsetMs
            if row.durationMs == nil { rowsWithoutDuration += 1 }
            let durationMs = row.durationMs.map { min($0, Bounds.durationMs.upperBound) }
            if durationMs != row.durationMs { rowsCut += 1 }
            for index in plans.indices {
                let verdict = try plans[index].decide(
                    account: row.account, offsetMs: row.offsetMs, durationMs: durationMs)
                try verdicts?.write(trace.bytes[row.lineBytes], plan: index, verdict)
            }
        }
        try verdicts?.flush()
        for index in plans.indices { plans[index].finish() }
        return SimulationReport(
            mode: mode,
            trace: .init(
                rows: rows, accounts: trace.accounts.count, spanMs: latestMs,
                rowsWithoutDuration: rowsWithoutDuration, rowsCut: rowsCut),
            plans: plans.map { SimulationReport.PlanReport($0, rows: rows, names: trace.accounts, top: top) })
    }
}
