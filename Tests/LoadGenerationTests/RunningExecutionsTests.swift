// What runs in virtual time ends in the right order.

import Accounting
import SeededChance
import Testing

@testable import LoadGeneration

@Suite("Running executions")
struct RunningExecutionsTests {
    @Test(
        "Executions end in the order of their ends, those that end together in the order of their beginnings")
    func areInOrder() {
        var chance = SeededGenerator(seed: 1)
        let grant = Grant(admittedAt: Timestamp(ms: 0), durationMs: 0)
        for _ in 0..<200 {
            var running = RunningExecutions()
            var expected: [(end: Int, place: Int)] = []
            for place in 0..<chance.number(in: 0...40) {
                let end = chance.number(in: 0...20)
                running.start(.init(end: Timestamp(ms: end), grant: grant, place: place, durationMs: end))
                expected.append((end, place))
                guard chance.once(in: 3) else { continue }
                let now = chance.number(in: 0...20)
                expected.sort { $0 < $1 }
                let due = expected.prefix { $0.end <= now }
                expected.removeFirst(due.count)
                for (end, place) in due {
                    let execution = running.end(by: Timestamp(ms: now))
                    #expect(execution?.end.ms == end && execution?.place == place)
                }
                let next = running.end(by: Timestamp(ms: now))
                #expect(next == nil)
            }
        }
    }
}
