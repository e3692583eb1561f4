// The simulation of small traces, mode by mode; and its equality, for any trace, with a whole
// ledger that is asked and settled in the order of time.

import Accounting
import Recordings
import SeededChance
import Testing
import Traces

@testable import PlanSimulation

@Suite("A simulation")
struct SimulationTests {
    /// What came of a trace: each row's verdict, plan after plan, and the report.
    struct Outcome {
        var verdicts: [SimulatedVerdict] = []
        var report: SimulationReport
    }

    /// - Parameter rows: offset and duration of account `a`, in ms.
    static func play(
        _ rows: [(Int, Int?)], _ mode: SimulationMode = .settle, under plans: Plan..., kind: String? = nil
    ) throws -> Outcome {
        try play(rows.map { ($0.0, 0, $0.1) }, mode, under: plans, kind: kind)
    }

    static func play(
        _ rows: [(offsetMs: Int, account: Int, durationMs: Int?)], _ mode: SimulationMode,
        under plans: [Plan],
        kind: String? = nil
    ) throws -> Outcome {
        let text = rows.map { "\($0.offsetMs),a\($0.account),f,\($0.durationMs.map(String.init) ?? "")\n" }
        var trace = try TraceReader(Array((Trace.head + text.joined()).utf8))
        var simulation = try Simulation(mode, under: plans, kind: kind)
        var csv: [UInt8] = []
        let writer = try VerdictWriter(header: [], plans: plans) { csv += $0 }
        let report = try simulation.play(&trace, to: writer)
        let verdicts = String(decoding: csv, as: UTF8.self).split(separator: "\n").dropFirst().map { line in
            let cells = line.split(separator: ",", omittingEmptySubsequences: false).suffix(3).map { Int($0) }
            return line.contains(",admitted,")
                ? SimulatedVerdict.admitted(grantedMs: cells[1] ?? -1) : .denied(retryAfterMs: cells[2])
        }
        return Outcome(verdicts: verdicts, report: report)
    }

    /// 10 s of execution time per minute, 10 s at most each.
    static func plan(
        _ amountMs: Int = 10_000, executions: Int = 100, ceilingMs: Int? = 10_000
    ) throws -> Plan {
        try Plan(
            name: "small",
            limits: [
                Limit(name: "time", meter: .executionTime, amount: amountMs, windowMs: 60_000),
                Limit(name: "count", meter: .executions, amount: executions, windowMs: 60_000),
            ],
            kinds: ceilingMs.map { ["function": try Ceiling(maxDurationMs: $0)] })
    }

    @Test("settle asks the ceiling, and what was not used comes back at the very ms of the end")
    func settles() throws {
        let outcome = try Self.play([(0, 4_000), (3_999, 1), (4_000, 50), (4_100, 0)], under: Self.plan())
        #expect(
            outcome.verdicts == [
                .admitted(grantedMs: 10_000), .denied(retryAfterMs: 56_001), .admitted(grantedMs: 6_000),
                .admitted(grantedMs: 5_950),
            ])
        let plan = outcome.report.plans[0]
        #expect(plan.admitted == 3 && plan.denied == 1 && plan.partialGrants == 2 && plan.overruns == 0)
        #expect(plan.limits.map(\.denials) == [1, 0])
        #expect(plan.limits[0].peak?.used == 10_000 && plan.limits[0].peak?.percent == 100)
        #expect(plan.limits[0].peak?.offsetMs == 0)
        #expect(plan.limits[1].peak?.used == 3 && plan.limits[1].peak?.offsetMs == 4_100)
    }

    @Test("charge-at-start asks the recorded duration, all of it or nothing, and nothing comes back")
    func charges() throws {
        let outcome = try Self.play(
            [(0, 4_000), (4_000, 6_001), (4_001, 6_000), (60_000, 4_000), (60_001, 10_001)], .chargeAtStart,
            under: Self.plan())
        #expect(
            outcome.verdicts == [
                .admitted(grantedMs: 4_000), .denied(retryAfterMs: 56_000), .admitted(grantedMs: 6_000),
                .admitted(grantedMs: 4_000), .denied(retryAfterMs: nil),
            ])
        let plan = outcome.report.plans[0]
        #expect(plan.partialGrants == 0 && plan.overruns == 0 && plan.neverFits == 1 && plan.kind == nil)
    }

    @Test("An execution that runs past its grant is charged in full when it ends, and keeps others out")
    func overruns() throws {
        let outcome = try Self.play([(0, 15_000), (14_999, 0), (15_000, 0), (60_000, 0)], under: Self.plan())
        #expect(
            outcome.verdicts == [
                .admitted(grantedMs: 10_000), .denied(retryAfterMs: 45_001), .denied(retryAfterMs: 45_000),
                .admitted(grantedMs: 10_000),
            ])
        let plan = outcome.report.plans[0]
        #expect(plan.overruns == 1)
        #expect(plan.limits[0].peak?.used == 15_000 && plan.limits[0].peak?.percent == 150)
        #expect(plan.limits[0].peak?.offsetMs == 15_000)
    }

    @Test("What still runs after the last row is settled too")
    func finishes() throws {
        let plan = try Self.play([(0, 15_000)], under: Self.plan()).report.plans[0]
        #expect(plan.limits[0].peak?.used == 15_000)
    }

    @Test("Rows without a duration ask 0 ms, but are executions", arguments: SimulationMode.allCases)
    func asksNothing(_ mode: SimulationMode) throws {
        let outcome = try Self.play(
            [(0, nil), (1, nil), (2, nil)], mode, under: Self.plan(0, executions: 2))
        #expect(
            outcome.verdicts == [
                .admitted(grantedMs: 0), .admitted(grantedMs: 0), .denied(retryAfterMs: 59_999),
            ])
        #expect(outcome.report.trace.rowsWithoutDuration == 3)
        #expect(outcome.report.plans[0].limits[0].peak == nil)
    }

    @Test("Without a ceiling each asks for what it will use")
    func asksItsOwn() throws {
        let outcome = try Self.play([(0, 4_000), (1, 7_000), (4_002, 0)], under: Self.plan(ceilingMs: nil))
        #expect(
            outcome.verdicts == [
                .admitted(grantedMs: 4_000), .admitted(grantedMs: 6_000), .admitted(grantedMs: 0),
            ])
        #expect(outcome.report.plans[0].overruns == 1 && outcome.report.plans[0].kind == nil)
    }

    @Test("Durations beyond 31 days are taken as 31 days", arguments: SimulationMode.allCases)
    func cuts(_ mode: SimulationMode) throws {
        let most = 2_678_400_000
        let outcome = try Self.play(
            [(0, most), (1, most + 1)], mode, under: Self.plan(2 * most, ceilingMs: nil))
        #expect(outcome.verdicts == [.admitted(grantedMs: most), .admitted(grantedMs: most)])
        #expect(outcome.report.trace.rowsCut == 1)
    }

    @Test("The kind is function, or the plan's only one, or the one that is named")
    func choosesKind() throws {
        func plan(_ kinds: [String: Int]) throws -> Plan {
            try Plan(
                name: "kinds",
                limits: [Limit(name: "time", meter: .executionTime, amount: 100_000, windowMs: 60_000)],
                kinds: kinds.mapValues { try Ceiling(maxDurationMs: $0) })
        }
        let both = try plan(["function": 1_000, "job": 2_000])
        let other = try plan(["job": 3_000])
        let two = try plan(["job": 4_000, "step": 5_000])
        for (plan, kind, grantedMs) in [
            (both, nil, 1_000), (both, "job", 2_000), (other, nil, 3_000), (two, "step", 5_000),
        ] {
            let outcome = try Self.play([(0, 1)], under: plan, kind: kind)
            #expect(outcome.verdicts == [.admitted(grantedMs: grantedMs)])
            #expect(outcome.report.plans[0].kind == kind ?? (grantedMs == 1_000 ? "function" : "job"))
        }
        #expect(try Self.play([(0, 1)], .chargeAtStart, under: two).verdicts == [.admitted(grantedMs: 1)])
        for (plan, kind, name) in [(two, nil, "function"), (both, "step", "step")] {
            let error = #expect(throws: SimulationError.self) {
                try Self.play([(0, 1)], under: plan, kind: kind)
            }
            let known = plan.kinds?.keys.sorted().joined(separator: ", ") ?? ""
            #expect(
                error?.description
                    == "plan kinds: unknown kind \(name). Type --kind and one of: \(known)")
        }
    }

    @Test("No plan, or too many side by side, are refused", arguments: [0, 33])
    func refusesPlans(_ count: Int) throws {
        let plans = [Plan](repeating: try Self.plan(), count: count)
        let error = #expect(throws: SimulationError.self) { try Simulation(.settle, under: plans) }
        #expect(error?.description == "\(count) plans; name 1 to 32 with --plan")
    }

    @Test(
        "Plans side by side say what each says alone, and what a ledger says",
        arguments: SimulationMode.allCases)
    func agrees(_ mode: SimulationMode) throws {
        var (admitted, denied, partial, overruns) = (0, 0, 0, 0)
        for seed in 0..<(Proof.isAsked ? 2_000 : 60) {
            let traffic = try RandomTraffic(seed: seed)
            let together = try Self.play(traffic.rows, mode, under: traffic.plans)
            for (index, plan) in traffic.plans.enumerated() {
                let alone = try Self.play(traffic.rows, mode, under: [plan])
                let its = stride(from: index, to: together.verdicts.count, by: traffic.plans.count)
                    .map { together.verdicts[$0] }
                #expect(alone.verdicts == its, "seed \(seed), plan \(index)")
                #expect(alone.report.plans[0] == together.report.plans[index], "seed \(seed), plan \(index)")
                let ledger = traffic.verdicts(of: mode, under: plan)
                #expect(alone.verdicts == ledger, "seed \(seed), plan \(index)")
                admitted += alone.report.plans[0].admitted
                denied += alone.report.plans[0].denied
                partial += alone.report.plans[0].partialGrants
                overruns += alone.report.plans[0].overruns
            }
        }
        #expect(admitted > 1_000 && denied > 1_000)
        #expect(mode == .chargeAtStart ? partial + overruns == 0 : partial > 100 && overruns > 100)
    }
}
