// Running executions end in the right order.

import SeededChance
import Testing

@testable import Traces

@Suite("Running executions")
struct RunningExecutionsTests {
    @Test(
        "Executions end in the order of their ends, those that end together in the order of their beginnings")
    func areInOrder() {
        var random = SeededGenerator(seed: 1)
        for _ in 0..<200 {
            var running = RunningExecutions<Int>()
            var expected: [(end: Int, place: Int)] = []
            for place in 0..<random.number(in: 0...40) {
                let end = random.number(in: 0...20)
                running.start(place, until: end)
                expected.append((end, place))
                #expect(running.count == expected.count)
                #expect(running.nextEnd == expected.map(\.end).min())
                guard random.once(in: 3) else { continue }
                let now = random.number(in: 0...20)
                expected.sort { $0 < $1 }
                let due = expected.prefix { $0.end <= now }
                expected.removeFirst(due.count)
                for (end, place) in due {
                    let ended = running.end(by: now)
                    #expect(ended?.end == end && ended?.execution == place)
                }
                let next = running.end(by: now)
                #expect(next == nil)
            }
        }
    }
}
