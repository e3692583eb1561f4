// A ledger's clock that is set back by any step, again and again, judged by the true time, which no
// code under test sees: no charge is forgotten early, nothing is returned that was not charged, and
// no ask waits for the clock to catch up.

import Accounting
import Oracle
import RuleTable
import SeededChance
import Testing

@Suite("A clock that is set back")
struct ClockStepTests {
    @Test(
        "Strict by true time, and a denial ends within two windows and a cell",
        arguments: 1...Proof.times(200))
    func isStrict(seed: Int) throws {
        var life = try SteppedLife(seed: seed)
        for _ in 0..<150 { try life.step() }
        #expect(life.steps > 5 && life.admitted > 5, "seed \(seed)")
    }
}

/// One account under windows of different length, in true time and on a clock that is set back now
/// and then.
private struct SteppedLife {
    private let seed: Int
    private let plans: [Plan]
    private var random: SeededGenerator
    private var page = AccountLedger()
    /// What each window was charged, by true time.
    private var logs: [WindowShape: SlidingLog] = [:]
    private var running: [(id: ExecutionID, grantMs: Int)] = []
    /// True time, and what the ledger's clock says, in ms.
    private var now = 0
    private var clock = Scenario.beginning.ms
    private var asks = 0
    private(set) var steps = 0
    private(set) var admitted = 0

    init(seed: Int) throws {
        self.seed = seed
        var random = SeededGenerator(seed: seed)
        let limits = try (0..<random.number(in: 1...3)).flatMap { index in
            let windowMs = random.pick([
                1_000, 2_000, 60_000, 3_600_000, random.number(in: 1_000...100_000),
            ])
            // No two windows are the same.
            let cells = random.pick([1, 7, 60, 900]) + index
            return try [(Meter.executions, 1...8), (.executionTime, 1...5_000)].map { meter, amounts in
                try Limit(
                    name: "\(meter.rawValue)-\(index)", meter: meter, amount: random.number(in: amounts),
                    windowMs: windowMs, cells: cells)
            }
        }
        // Under another plan some windows are not looked at for a while.
        plans = try [limits, limits, Array(limits.suffix(2))].map { try Plan(name: "plan", limits: $0) }
        self.random = random
    }

    mutating func step() throws {
        let plan = random.pick(plans)
        let window = random.pick(plan.windows)
        let cellMs = (window.lengthMs + window.cells - 1) / window.cells
        let passed = random.pick([
            0, 0, 1, cellMs, 3 * cellMs, random.number(in: 0...window.lengthMs / 8), window.lengthMs - 1,
            window.lengthMs,
        ])
        now += passed
        clock += passed
        if random.once(in: 5) {
            let stay = window.lengthMs + cellMs
            clock -= random.pick([1, cellMs, stay - 1, stay, stay + 1, 2 * stay, 3_600_000])
            steps += 1
        }
        if !running.isEmpty, random.once(in: 3) { settle(under: plan) } else { ask(under: plan) }
        let usage = page.peek(under: plan, at: Timestamp(ms: clock)).usage
        let standing = Standing(plan: plan, usage: usage)
        for (index, limit) in plan.limits.enumerated() {
            let exact = logs[limit.window]?.used(of: limit, at: now) ?? 0
            check(
                standing.used(of: index) >= exact,
                "\(standing.used(of: index)) and not \(exact) of \(limit)")
            check(exact <= limit.amount, "\(exact) of \(limit)")
        }
    }

    private mutating func ask(under plan: Plan) {
        asks += 1
        let ask = Ask(
            id: ExecutionID("e\(asks)")!, durationMs: random.pick([0, 1, 300, 2_000]), minimumMs: 1)
        switch page.answer(.admit(ask), under: plan, at: Timestamp(ms: clock)).verdict {
        case .admitted(let grant):
            admitted += 1
            let charged = Grant(admittedAt: Timestamp(ms: now), durationMs: grant.durationMs)
            for window in plan.windows { logs[window, default: SlidingLog()].admit(ask.id, charged) }
            running.append((ask.id, grant.durationMs))
        case .denied(let denial):
            let longest = plan.windows.map { 2 * $0.lengthMs + ($0.lengthMs + $0.cells - 1) / $0.cells }
                .max()!
            check(denial.retryAfterMs.map { $0 <= longest } ?? true, "\(denial) of \(ask)")
            check(
                page.keepsItsWord(denial, ask, under: plan, at: Timestamp(ms: clock)), "\(denial) of \(ask)"
            )
        case let other: check(false, "an ask was answered \(other)")
        }
    }

    private mutating func settle(under plan: Plan) {
        let (id, grantMs) = running.remove(
            at: random.number(in: max(0, running.count - 6)...running.count - 1))
        let used = random.number(in: 0...grantMs)
        let answer = page.answer(.settle(id, durationMs: used), under: plan, at: Timestamp(ms: clock))
        guard case .settled(let receipt) = answer.verdict else { return }
        check(receipt.chargedMs + receipt.returnedMs == grantMs, "\(receipt) of \(grantMs) ms")
        for window in logs.keys where logs[window]?.charges.contains(where: { $0.id == id }) == true {
            logs[window]?.settle(id, chargedMs: receipt.chargedMs)
        }
    }

    private func check(_ holds: Bool, _ complaint: @autoclosure () -> String) {
        if !holds { Issue.record("seed \(seed), after \(asks) asks, at \(now) ms: \(complaint())") }
    }
}
