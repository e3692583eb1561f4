// A random history of one account: its plans, its ticks, the questions of each. Drawn from a seed
// alone, with many edge cases: of cells, of windows, of limits, of held ids.

import Accounting
import RuleTable
import SeededChance

struct History: Sendable {
    /// Questions that are put together, at an instant.
    struct Tick: Sendable, CustomStringConvertible {
        let clock: Timestamp
        let plan: Plan
        /// What was charged is forgotten before the questions.
        let forgets: Bool
        let questions: [Question]

        var description: String {
            let limits = plan.limits.map { "\($0.amount) \($0.meter) per \($0.window)" }
            return "at \(clock.ms)\(forgets ? ", when charges are forgotten," : "") under \(limits):\n"
                + questions.map { "    \($0)\n" }.joined()
        }
    }

    let seed: Int
    /// Every plan that its ticks may be under.
    let plans: [Plan]
    let ticks: [Tick]
    var questions: [Question] { ticks.flatMap(\.questions) }

    init(seed: Int, ticks count: Int) {
        var author = HistoryAuthor(seed: seed)
        self.seed = seed
        plans = author.plans
        ticks = (0..<count).map { _ in author.tick() }
    }

    /// Every id that was asked for, once.
    var ids: [ExecutionID] {
        var seen: Set<ExecutionID> = []
        return questions.compactMap { question in
            guard case .admit(let ask) = question, seen.insert(ask.id).inserted else { return nil }
            return ask.id
        }
    }

    /// The history up to that question, for people.
    func text(upTo tick: Int, question: Int) -> String {
        let last = Tick(
            clock: ticks[tick].clock, plan: ticks[tick].plan, forgets: ticks[tick].forgets,
            questions: Array(ticks[tick].questions[...question]))
        return (ticks[..<tick] + [last]).map(\.description).joined()
    }
}

/// Invents a history, tick by tick.
struct HistoryAuthor {
    private var random: SeededGenerator
    /// The same windows with other amounts; one may lack a window, and one have a window more.
    private(set) var plans: [Plan] = []
    private var clock: Int
    private var pastTicks: [Int] = []
    private var newIDs = 0
    private var asked: [Ask] = []
    private let stepsBack: Bool
    /// Every third history is of an account as most are: one window, short steps, limits that
    /// mostly let through. The script answers most of its questions on a way of their own.
    private let isUsual: Bool
    /// In every fourth history charges are forgotten now and then.
    private let forgets: Bool

    init(seed: Int) {
        random = SeededGenerator(seed: seed)
        isUsual = seed % 3 == 0
        forgets = seed % 4 == 1
        clock = Scenario.beginning.ms + random.number(in: 0...5_000_000_000)
        stepsBack = random.once(in: 2)
        let shapes = (0..<(isUsual ? 1 : random.number(in: 1...4))).map { _ in HistoryAuthor.shape(&random) }
        let limits = (0..<random.pick(isUsual ? [1, 2, 3] : [1, 2, 2, 3, 5, 32])).map { index in
            (
                shapes[index < shapes.count ? index : random.number(in: 0...shapes.count - 1)],
                random.pick(Meter.allCases)
            )
        }
        let amounts: (executions: ClosedRange<Int>, ms: ClosedRange<Int>)? =
            isUsual ? (30...300, 10_000...2_000_000) : nil
        plans = (0..<3).map { _ in HistoryAuthor.plan(limits, within: amounts, &random) }
        if limits.count > 1 { plans.append(HistoryAuthor.plan(Array(limits.dropFirst()), &random)) }
        if limits.count < 32 {
            let added = (shape: HistoryAuthor.shape(&random), meter: random.pick(Meter.allCases))
            plans.append(HistoryAuthor.plan(limits + [added], &random))
        }
        // What a process admitted without the ledger is charged beyond every amount.
        plans.append(Plan(unbounded: plans[0]))
    }

    private static func shape(_ random: inout SeededGenerator) -> WindowShape {
        WindowShape(
            lengthMs: random.pick([
                1_000, 1_001, 1_999, 60_000, 60_000, 3_600_000, 65_536_000, 65_536_001, 2_678_400_000,
                random.number(in: 1_000...100_000), random.number(in: 1_000...2_678_400_000),
            ]),
            cells: random.pick([1, 2, 3, 7, 60, 60, 60, 999, 1_000, random.number(in: 1...1_000)]))
    }

    private static func plan(
        _ limits: [(shape: WindowShape, meter: Meter)],
        within amounts: (executions: ClosedRange<Int>, ms: ClosedRange<Int>)? = nil,
        _ random: inout SeededGenerator
    ) -> Plan {
        let made = limits.enumerated().map { index, limit in
            let usual = limit.meter == .executions ? amounts?.executions : amounts?.ms
            let amount =
                usual.map { random.number(in: $0) }
                ?? (limit.meter == .executions
                    ? random.pick([1, 2, 5, 30, 200, random.number(in: 0...60), 2_147_483_647])
                    : random.pick([
                        1, 1_000, 10_000, 600_000, random.number(in: 0...100_000), 1_099_511_627_776,
                    ]))
            return try! Limit(
                name: "limit-\(index)", meter: limit.meter, amount: amount, windowMs: limit.shape.lengthMs,
                cells: limit.shape.cells)
        }
        return try! Plan(name: "random", limits: made)
    }

    mutating func tick() -> History.Tick {
        let plan = random.once(in: 4) ? random.pick(plans) : plans[0]
        passTime(plan)
        pastTicks.append(clock)
        let count = random.once(in: 60) ? random.number(in: 60...140) : random.pick([1, 1, 2, 3, 5, 8, 13])
        return History.Tick(
            clock: Timestamp(ms: clock), plan: plan, forgets: forgets && random.once(in: 6),
            questions: (0..<count).map { _ in question(plan) })
    }

    private mutating func passTime(_ plan: Plan) {
        let shape = random.pick(plan.windows)
        let (length, cells) = (shape.lengthMs, shape.cells)
        let nextCell = ((clock * cells / length + 1) * length + cells - 1) / cells
        var instants = [clock, clock, clock + 1, clock + random.number(in: 0...length / 8), nextCell]
        instants += [nextCell - 1, nextCell + 1, nextCell + length / cells * random.number(in: 1...5)]
        if isUsual, !random.once(in: 4) {
            clock = random.pick(instants)
            return
        }
        if let past = pastTicks.randomElement(using: &random) {
            let grant = asked.randomElement(using: &random)?.durationMs ?? 0
            // When a charge of then leaves, and when a hold of then expires.
            let stay = plan.windows.map { $0.lengthMs + ($0.lengthMs + $0.cells - 1) / $0.cells }.max()!
            for edge in [past + length, past + max(stay, grant + 30_000)] where edge > clock {
                instants += [edge - 1, edge, edge + 1]
            }
        }
        if random.once(in: 25) {
            instants = [clock + length, clock + 2 * length, clock + 2_678_400_000 + 86_400_000]
        } else if stepsBack, random.once(in: 8) {
            // The window stands still, or restarts; to where it was before, and by as much as
            // clocks are set in earnest.
            let stay = length + (length + cells - 1) / cells
            instants = [clock - 1, clock - length / cells, clock - length, clock - 3 * length]
            instants += [clock - stay, clock - stay - 1, clock - stay - 1, clock - 3_600_000]
            instants += pastTicks.suffix(8)
        }
        clock = min(max(random.pick(instants), 1), 8_000_000_000_000)
    }

    private mutating func question(_ plan: Plan) -> Question {
        switch random.number(in: 1...10) {
        case 1: return .peek
        case 2...4 where !asked.isEmpty:
            let ask = asked[max(0, asked.count - 1 - random.pick([0, 0, 1, 2, random.number(in: 0...20)]))]
            let used = [
                0, 1, ask.durationMs / 3, ask.durationMs, ask.durationMs + 1, 2 * ask.durationMs,
                2_678_400_000,
            ]
            return .settle(ask.id, durationMs: min(random.pick(Array(used)), 2_678_400_000))
        default:
            let ask = self.ask(plan)
            asked.append(ask)
            return .admit(ask)
        }
    }

    private mutating func ask(_ plan: Plan) -> Ask {
        let amounts = plan.limits.filter { $0.meter == .executionTime }.map(\.amount)
        let amount = amounts.randomElement(using: &random) ?? 1_000
        let durations = [
            0, 1, 100, amount / 7, amount / 2, amount, amount + 1, random.number(in: 0...max(1, amount)),
        ]
        let durationMs = min(random.pick(durations), 2_678_400_000)
        let minimumMs = random.pick([0, 1, 100, durationMs, durationMs + 1, durationMs / 2])
        // A few names come again and again, held or not; the others are new.
        let isNew = random.once(in: 3)
        newIDs += 1
        let name = isNew || random.once(in: 2) ? "new-\(newIDs)" : "known-\(random.number(in: 1...6))"
        return Ask(
            id: ExecutionID(name)!, isNew: isNew, durationMs: durationMs, minimumMs: minimumMs,
            function: random.pick([
                nil, "resize", "thumb/nails 2", "größer", String(repeating: "f", count: 255 + newIDs % 2),
            ]),
            kind: random.pick(["function", "workflow-action", "k", String(repeating: "k", count: 64)]))
    }
}
