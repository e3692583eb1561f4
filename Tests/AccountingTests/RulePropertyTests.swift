// Properties that hold for every history, checked on random ones against an exact sliding log. A
// failure names its seed; `RandomTraffic(seed:)` gives the same history again.

import Accounting
import Oracle
import RuleTable
import SeededChance
import Testing

@Suite("The rule, by chance")
struct RulePropertyTests {
    static let seeds = 1...Proof.times(60)

    @Test("Strict, honest, late by at most one cell, and a denial changes nothing", arguments: seeds)
    func holds(seed: Int) throws {
        var traffic = try RandomTraffic(seed: seed)
        for _ in 0..<120 { try traffic.step() }
        #expect(traffic.admitted > 0, "seed \(seed): no ask was admitted")
    }

    @Test("Nothing at all is held back while no cell has two charges", arguments: seeds)
    func isExact(seed: Int) throws {
        var traffic = try RandomTraffic(seed: seed, oneChargePerCell: true)
        for _ in 0..<120 {
            try traffic.step()
            for (limit, used) in traffic.usedOfLimits() {
                let exact = traffic.log.used(of: limit, at: traffic.now)
                traffic.check(used == exact, "\(used) and not \(exact) of \(limit)")
            }
        }
    }

    @Test("No window anywhere in a history holds more than the limit", arguments: seeds)
    func isStrictEverywhere(seed: Int) throws {
        var traffic = try RandomTraffic(seed: seed, overruns: false)
        for _ in 0..<200 { try traffic.step() }
        // What is in a window grows only when a charge is made, so those instants are all that need
        // a look.
        for limit in traffic.plan.limits {
            for charge in traffic.log.charges {
                let used = traffic.log.used(of: limit, at: charge.at)
                traffic.check(used <= limit.amount, "\(used) of \(limit) at \(charge.at)")
            }
        }
    }
}

/// One account's random life: the rule and the log side by side, compared after every step.
struct RandomTraffic {
    let seed: Int
    let plan: Plan
    private(set) var log = SlidingLog()
    /// The ledger's clock in ms; it never steps back here.
    private(set) var now: Int
    private(set) var admitted = 0
    private var ledger = AccountLedger()
    private var random: SeededGenerator
    private let overruns: Bool
    private let oneChargePerCell: Bool
    private var running: [(id: ExecutionID, grantMs: Int)] = []
    private var questions = 0

    init(seed: Int, overruns: Bool = true, oneChargePerCell: Bool = false) throws {
        var random = SeededGenerator(seed: seed)
        self.seed = seed
        self.overruns = overruns
        self.oneChargePerCell = oneChargePerCell
        plan = try RandomTraffic.plan(&random)
        now = Scenario.beginning.ms + random.number(in: 0...100_000_000)
        self.random = random
    }

    private static func plan(_ random: inout SeededGenerator) throws -> Plan {
        let shapes = (0..<random.number(in: 1...2)).map { _ in
            WindowShape(
                lengthMs: random.pick([1_000, 1_001, 10_000, 60_000, random.number(in: 1_000...100_000)]),
                cells: random.pick([1, 2, 7, 60, 1_000, random.number(in: 1...1_000)]))
        }
        let limits = try (0..<random.number(in: 1...3)).map { index in
            let shape = random.pick(shapes)
            let meter = random.pick(Meter.allCases)
            let amount = meter == .executions ? random.number(in: 1...12) : random.number(in: 1...20_000)
            return try Limit(
                name: "limit-\(index)", meter: meter, amount: amount, windowMs: shape.lengthMs,
                cells: shape.cells)
        }
        return try Plan(name: "random", limits: limits)
    }

    /// Records an issue unless `holds`; `#expect` would take longer than all the rest.
    func check(_ holds: Bool, _ complaint: @autoclosure () -> String) {
        if !holds { Issue.record("seed \(seed), after \(questions) questions, at \(now) ms: \(complaint())") }
    }

    /// What the rule says is used of each limit now.
    func usedOfLimits() -> [(Limit, Int)] {
        let standing = Standing(plan: plan, usage: ledger.peek(under: plan, at: Timestamp(ms: now)).usage)
        return plan.limits.indices.map { (plan.limits[$0], standing.used(of: $0)) }
    }

    /// Lets time pass, then asks or settles, and holds the answer against the log.
    mutating func step() throws {
        passTime()
        questions += 1
        if !running.isEmpty, random.once(in: 3) { settle() } else { ask() }
        compare()
    }

    private mutating func passTime() {
        let shape = random.pick(plan.windows)
        let cellMs = (shape.lengthMs + shape.cells - 1) / shape.cells
        var steps = [0, 1, cellMs - 1, cellMs, cellMs + 1, random.number(in: 0...shape.lengthMs / 4)]
        if let charge = log.charges.randomElement(using: &random) {
            let edge = charge.at + shape.lengthMs - now
            steps += [edge - 1, edge, edge + 1].filter { $0 >= 0 }
        }
        now += random.once(in: 40) ? 2 * shape.lengthMs : random.pick(steps)
        if oneChargePerCell {
            now += plan.windows.map { ($0.lengthMs + $0.cells - 1) / $0.cells }.max()!
        }
    }

    private mutating func ask() {
        let amount = plan.limits.first { $0.meter == .executionTime }?.amount ?? 1_000
        let ask = Ask(
            id: ExecutionID("e\(questions)")!,
            durationMs: random.pick([0, 1, amount / 5, amount, amount + 1, random.number(in: 0...amount)]),
            minimumMs: random.pick([0, 1, 100, amount, amount + 1]))
        let (before, pageBefore, usedBefore) = (
            ledger.peek(under: plan, at: Timestamp(ms: now)), ledger, usedOfLimits().map(\.1)
        )
        switch ledger.answer(.admit(ask), under: plan, at: Timestamp(ms: now)).verdict {
        case .admitted(let grant):
            admitted += 1
            check(
                grant.durationMs <= ask.durationMs && grant.durationMs >= ask.neededMs, "\(grant) to \(ask)")
            log.admit(ask.id, grant)
            running.append((ask.id, grant.durationMs))
            for limit in plan.limits {
                check(log.used(of: limit, at: now) <= limit.amount, "too much of \(limit)")
            }
        case .denied(let denial):
            check(ledger.peek(under: plan, at: Timestamp(ms: now)) == before, "a denial charged")
            check(ledger.keeps(pageBefore, at: Timestamp(ms: now)), "a denial left a trace")
            let honest = ledger.keepsItsWord(denial, ask, under: plan, at: Timestamp(ms: now))
            check(honest, "\(denial) to \(ask) does not keep its word")
        case let other: check(false, "an ask was answered \(other)")
        }
        let grew = zip(usedOfLimits().map(\.1), usedBefore).allSatisfy { $0 >= $1 }
        check(grew, "an ask left more than there was before it")
    }

    private mutating func settle() {
        let (id, grantMs) = running.remove(at: random.number(in: 0...running.count - 1))
        let used = random.number(in: 0...(overruns && random.once(in: 3) ? 2 * grantMs : grantMs))
        let answer = ledger.answer(.settle(id, durationMs: used), under: plan, at: Timestamp(ms: now))
        guard case .settled(let receipt) = answer.verdict else {
            check(answer.verdict == .notHeld, "\(answer.verdict)")
            return
        }
        check(receipt.overrunMs == max(0, used - grantMs), "over-run: \(receipt)")
        check(receipt.chargedMs == used || receipt.chargedMs == grantMs, "charge: \(receipt)")
        check(receipt.returnedMs == max(0, grantMs - receipt.chargedMs), "return: \(receipt)")
        log.settle(id, chargedMs: receipt.chargedMs)
    }

    /// Never less than the log, at most a cell more; and exactly what is left can be had.
    private func compare() {
        for (limit, used) in usedOfLimits() {
            let exact = log.used(of: limit, at: now)
            check(used >= exact, "\(limit) forgets charges")
            check(used <= exact + log.mayLinger(of: limit, at: now), "\(limit) holds back more than a cell")
        }
        let standing = Standing(plan: plan, usage: ledger.peek(under: plan, at: Timestamp(ms: now)).usage)
        guard let left = standing.timeRemaining, left > 0, standing.executionsRemaining != 0 else { return }
        for (durationMs, fits) in [(left, true), (left + 1, false)] {
            let ask = Ask(id: ExecutionID("x")!, durationMs: durationMs, minimumMs: durationMs)
            let verdict = ledger.verdict(on: ask, under: plan, at: Timestamp(ms: now))
            if case .admitted = verdict {
                check(fits, "\(left) ms are left, and \(durationMs) were granted")
            } else {
                check(!fits, "\(left) ms are left, and were denied")
            }
        }
    }
}

extension AccountLedger {
    /// Whether all that it keeps is what `before` kept, apart from cells that have left.
    fileprivate func keeps(_ before: AccountLedger, at now: Timestamp) -> Bool {
        holds == before.holds && windows.count == before.windows.count
            && windows.allSatisfy { shape, window in
                let counting = before.windows[shape]?.cells.filter { $0.latest + shape.lengthMs > now }
                return window.cells == counting
                    && window.executions == counting?.reduce(0) { $0 + $1.executions }
                    && window.executionTimeMs == counting?.reduce(0) { $0 + $1.executionTimeMs }
            }
    }
}
