// Random traces and plans by seed, and the answers of a ledger that is asked and settled in the
// order of time: a slow way to the result of a simulation.

import Accounting
import PlanSimulation
import SeededChance

struct RandomTraffic {
    let rows: [(offsetMs: Int, account: Int, durationMs: Int?)]
    let plans: [Plan]

    init(seed: Int) throws {
        var random = SeededGenerator(seed: seed)
        plans = try (0..<random.number(in: 1...3)).map { index in
            let limits = try (0..<random.number(in: 1...4)).map { index in
                let meter = random.pick(Meter.allCases)
                return try Limit(
                    name: "l\(index)", meter: meter,
                    amount: meter == .executions ? random.number(in: 0...12) : random.number(in: 0...30_000),
                    windowMs: random.pick([1_000, 7_001, 60_000]), cells: random.pick([1, 3, 60]))
            }
            let ceiling = random.once(in: 4) ? nil : try Ceiling(maxDurationMs: random.number(in: 1...10_000))
            return try Plan(
                name: "p\(index)", limits: limits, kinds: ceiling.map { ["function": $0] },
                minimumGrantMs: random.pick([1, 100, 20_000]))
        }
        var now = 0
        let accounts = random.number(in: 1...4)
        rows = (0..<60).map { _ in
            now += random.pick([0, 0, 1, 10, 999, 1_000, 5_000, 40_000])
            let durationMs = random.pick([nil, 0, 1, 10, 1_000, 3_000, 20_000, 45_000, 3_000_000_000])
            return (now, random.number(in: 0...accounts - 1), durationMs)
        }
    }

    /// One event after the other: what ends at an instant ends before anything begins there.
    func verdicts(of mode: SimulationMode, under plan: Plan) -> [SimulatedVerdict] {
        var pages: [Int: AccountLedger] = [:]
        var ends: [(end: Int, row: Int, account: Int, durationMs: Int)] = []
        let ceilingMs = plan.kinds?["function"]?.maxDurationMs
        return rows.enumerated().map { index, row in
            ends.sort { ($0.end, $0.row) < ($1.end, $1.row) }
            let due = ends.prefix { $0.end <= row.offsetMs }
            ends.removeFirst(due.count)
            for one in due {
                _ = pages[one.account]?.answer(
                    .settle(ExecutionID("\(one.row)")!, durationMs: one.durationMs), under: plan,
                    at: Timestamp(ms: one.end))
            }
            let durationMs = row.durationMs.map { min($0, Bounds.durationMs.upperBound) }
            var ask = Ask(
                id: ExecutionID("\(index)")!, durationMs: durationMs ?? 0, minimumMs: plan.minimumGrantMs)
            switch mode {
            case .chargeAtStart: ask.minimumMs = ask.durationMs
            case .settle: if durationMs != nil, let ceilingMs { ask.durationMs = ceilingMs }
            }
            let answer = pages[row.account, default: AccountLedger()].answer(
                .admit(ask), under: plan, at: Timestamp(ms: row.offsetMs))
            switch answer.verdict {
            case .admitted(let grant):
                if mode == .settle, let durationMs {
                    ends.append((row.offsetMs + durationMs, index, row.account, durationMs))
                }
                return .admitted(grantedMs: grant.durationMs)
            case .denied(let denial): return .denied(retryAfterMs: denial.retryAfterMs)
            default: preconditionFailure("an ask is admitted or denied")
            }
        }
    }
}
