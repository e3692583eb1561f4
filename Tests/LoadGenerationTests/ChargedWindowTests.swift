// What a replay reports about a window, compared with an exact log: never more than was charged,
// and at most one cell less.

import SeededChance
import Testing

@testable import LoadGeneration

@Suite("A charged window as its asker sees it")
struct ChargedWindowTests {
    private struct Charge {
        let at: Int
        var ms: Int
    }

    @Test("It never adds up to more than was charged within the window, and lacks at most a cell's worth")
    func isAtLeast() {
        var random = SeededGenerator(seed: 7)
        var closest = 0
        for _ in 0..<40 {
            let lengthMs = [1_000, 60_000][random.number(in: 0...1)]
            let cellMs = (lengthMs + ChargedWindow.cells - 1) / ChargedWindow.cells
            var window = ChargedWindow()
            var log: [Charge] = []
            var now = 1_770_000_000_000
            for _ in 0..<300 {
                now += random.number(in: 0...lengthMs / 50)
                // A reply may be overtaken by others.
                let at = now - (random.once(in: 4) ? random.number(in: 0...3) : 0)
                log.append(Charge(at: at, ms: random.number(in: 0...1_000)))
                window.charge(log[log.count - 1].ms, at: at, lengthMs: lengthMs)
                if random.once(in: 2) {
                    let index = random.number(in: max(0, log.count - 20)...log.count - 1)
                    let unusedMs = random.number(in: 0...log[index].ms)
                    log[index].ms -= unusedMs
                    window.giveBack(unusedMs, at: log[index].at, lengthMs: lengthMs)
                }
                let clock = log.reduce(0) { max($0, $1.at) }
                let exact = log.filter { $0.at + lengthMs > clock }
                let sure = log.filter { $0.at + lengthMs > clock + cellMs }
                #expect(window.executions <= exact.count)
                #expect(window.executions >= sure.count)
                #expect(window.executionTimeMs <= exact.reduce(0) { $0 + $1.ms })
                if window.executions == exact.count { closest += 1 }
            }
        }
        #expect(closest > 6_000, "mostly it lacks nothing")
    }

    @Test("Exactly one window old is outside")
    func bound() {
        var window = ChargedWindow()
        window.charge(5, at: 1_000, lengthMs: 60_000)
        window.charge(7, at: 60_999, lengthMs: 60_000)
        #expect(window.executionTimeMs == 12)
        window.charge(0, at: 61_000, lengthMs: 60_000)
        #expect(window.executionTimeMs == 7)
        #expect(window.executions == 2)
        window.giveBack(5, at: 1_000, lengthMs: 60_000)
        #expect(window.executionTimeMs == 7, "nothing is left to give back")
    }
}
