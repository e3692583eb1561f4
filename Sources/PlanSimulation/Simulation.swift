// "What if this plan had been in force?" A trace goes through the rule in virtual time, under one
// plan or several side by side; nothing is asked of a service, and no clock is read. docs/LOAD.md
// describes it for operators.

public import Accounting
public import Traces

/// A simulation of one trace; used once.
public struct Simulation {
    /// Plans side by side.
    public static let plans = 1...32

    private let mode: SimulationMode
    private var plans: [SimulatedPlan]
    private var rows = 0
    private var rowsWithoutDuration = 0
    private var rowsCut = 0
    private var latestMs = 0

    /// - Parameter kind: what every execution is; nil is `function`, or the plan's only kind.
    /// - Throws: ``SimulationError`` when there are too many plans, or one has no such kind.
    public init(
        _ mode: SimulationMode, under plans: [Plan], kind: String? = nil
    ) throws(SimulationError) {
        guard Self.plans.contains(plans.count) else {
            throw SimulationError(
                description:
                    "\(plans.count) plans side by side; name \(Self.plans.lowerBound) to \(Self.plans.upperBound)"
            )
        }
        self.mode = mode
        self.plans = try plans.map { plan throws(SimulationError) in
            SimulatedPlan(plan, asks: try SimulatedAsk(mode, under: plan, kind: kind))
        }
    }

    /// Plays the whole trace.
    /// - Parameters:
    ///   - verdicts: gets every row under every plan, in the order of rows.
    ///   - top: how many accounts with denials the report names.
    /// - Throws: ``TraceError``, and what the writer's sink throws.
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
