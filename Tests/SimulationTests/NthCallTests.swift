// Every single ledger call of a history fails once, before it was applied and after. Ids make
// repeating safe, so the history ends as if nothing had failed.

import Testing

@Suite("The n-th ledger call fails")
struct NthCallTests {
    static let seeds = 0..<10

    @Test("For every n: the repeated request leads to the same grants, charges and holds", arguments: seeds)
    func endsAlike(seed: Int) throws {
        let journey = try SimulatedTrip(seed: seed, steps: 40)
        let (expected, calls, failures) = try journey.live()
        try #require(failures == 0 && calls > 15 && expected.starts.contains { $0.grant != nil })
        for fault in FaultyLedger.Fault.allCases {
            for call in 1...calls {
                let (outcome, _, failures) = try journey.live(failing: (call, fault))
                if outcome == expected, failures == 1 { continue }
                let first = zip(outcome.starts, expected.starts).enumerated().first { $1.0 != $1.1 }
                Issue.record(
                    """
                    seed \(seed), call \(call) of \(calls) \(fault), \(failures) failures:
                    first other start: \(first.map { "\($0): \($1.0) and not \($1.1)" } ?? "none")
                    windows: \(outcome.windows)
                    not:     \(expected.windows)
                    holds:   \(outcome.holds)
                    not:     \(expected.holds)
                    """)
                return
            }
        }
    }
}
