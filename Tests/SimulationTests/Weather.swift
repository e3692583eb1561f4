// How bad the network, the processes and the clock are in one simulation; drawn from its seed.

import RuleTable
import SeededChance

struct Weather {
    /// A message is lost, doubled or slow once in so many times.
    let losses: Int
    let doubles: Int
    let slowness: Int
    /// The longest that a slow message takes, in ms.
    let slowestMs: Int
    /// The ledger is not there once in so many calls.
    let outages: Int
    /// A runner vanishes once in so many executions.
    let vanishings: Int
    let crashes: Int
    let reloads: Int
    /// How often the ledger's clock is set, back or forward.
    let clockChanges: Int

    init(_ chance: inout SeededGenerator) {
        let never = 1_000_000
        losses = chance.pick([never, 30, 10, 4])
        doubles = chance.pick([never, 15, 5])
        slowness = chance.pick([never, 20, 6])
        slowestMs = chance.pick([100, 1_000, 15_000])
        outages = chance.pick([never, 20, 5])
        vanishings = chance.pick([never, 15, 5])
        crashes = chance.pick([0, 0, 1, 4])
        reloads = chance.pick([0, 0, 3])
        clockChanges = chance.pick([0, 0, 0, 3])
    }

    func delayMs(_ chance: inout SeededGenerator) -> Int {
        if chance.once(in: slowness) { return chance.number(in: 0...slowestMs) }
        return chance.pick([0, 0, 1, 1, 2, 5, 30])
    }
}
