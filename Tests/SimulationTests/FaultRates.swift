// How bad the network, the processes and the clock are in one simulation; drawn from its seed.

import RuleTable
import SeededChance

struct FaultRates {
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

    init(_ random: inout SeededGenerator) {
        let never = 1_000_000
        losses = random.pick([never, 30, 10, 4])
        doubles = random.pick([never, 15, 5])
        slowness = random.pick([never, 20, 6])
        slowestMs = random.pick([100, 1_000, 15_000])
        outages = random.pick([never, 20, 5])
        vanishings = random.pick([never, 15, 5])
        crashes = random.pick([0, 0, 1, 4])
        reloads = random.pick([0, 0, 3])
        clockChanges = random.pick([0, 0, 0, 3])
    }

    func delayMs(_ random: inout SeededGenerator) -> Int {
        if random.once(in: slowness) { return random.number(in: 0...slowestMs) }
        return random.pick([0, 0, 1, 1, 2, 5, 30])
    }
}
