// The setting of a simulation: its accounts, its plans and the questions of its runners, drawn from
// its seed. Small amounts and short windows, so that much is denied and much leaves.

import Accounting
import RuleTable
import SeededChance

struct SimulatedSetting: CustomStringConvertible {
    let accounts: [Account]
    /// Versions of the plans: the same windows, and the amounts of a later version may differ.
    let books: [PlanBook]
    /// The limits with the largest amounts of any version.
    let largest: [Limit]
    let errands: [SimulatedExecution]

    /// The limits of each version, for people.
    var description: String {
        books.map { "\($0.defaultPlan.limits.map { "\($0.amount) \($0.meter) per \($0.window)" })" }.joined(
            separator: "\n")
    }

    /// Errands begin within so many ms.
    static let spanMs = 8_000

    init(_ random: inout SeededGenerator) throws {
        accounts = (0..<random.number(in: 1...3)).map { Account("account-\($0)")! }
        let shapes = (0..<random.number(in: 1...2)).map { _ in
            WindowShape(
                lengthMs: random.pick([1_000, 1_001, 2_000, 5_000, 10_000]),
                cells: random.pick([1, 7, 60, 1_000]))
        }
        let policy = random.pick([UnavailablePolicy.deny, .deny, .admit])
        let drafts = (0..<random.number(in: 1...3)).map { _ in
            (random.pick(shapes), random.pick(Meter.allCases))
        }
        var versions: [[Limit]] = []
        for _ in 0..<2 {
            versions.append(
                try drafts.enumerated().map { index, draft in
                    let amount =
                        draft.1 == .executions ? random.number(in: 1...6) : random.number(in: 1...9_000)
                    return try Limit(
                        name: "limit-\(index)", meter: draft.1, amount: amount, windowMs: draft.0.lengthMs,
                        cells: draft.0.cells)
                })
        }
        books = try versions.map { limits in
            let plan = try Plan(
                name: "plan", limits: limits, kinds: ["function": Ceiling(maxDurationMs: 4_000)],
                minimumGrantMs: 100, whenUnavailable: policy)
            return try PlanBook(plans: [plan], default: "plan")
        }
        largest = zip(versions[0], versions[1]).map { $0.amount > $1.amount ? $0 : $1 }
        errands = SimulatedSetting.errands(accounts, &random)
    }

    private static func errands(_ accounts: [Account], _ random: inout SeededGenerator)
        -> [SimulatedExecution]
    {
        (0..<random.number(in: 6...26)).map { number in
            let maxDurationMs = random.pick([nil, 0, 1, 4_000, random.number(in: 0...2_000), 4_001])
            return SimulatedExecution(
                account: random.pick(accounts), kind: random.once(in: 40) ? "unknown" : "function",
                maxDurationMs: maxDurationMs,
                minDurationMs: random.pick([nil, 0, 1, maxDurationMs.map { min($0, 4_000) } ?? 4_000]),
                id: random.once(in: 4) ? nil : ExecutionID("errand-\(number)")!)
        }
    }
}
