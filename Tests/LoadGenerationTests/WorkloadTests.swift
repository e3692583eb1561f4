// The questions of a load and their times, exact by seed: accounts, durations, due times.

import Testing

@testable import LoadGeneration

@Suite("Workloads")
struct WorkloadTests {
    private static func executions(
        _ count: Int, accounts: Int = 100, skew: Skew = .uniform,
        durations: Durations = .exponential(meanMs: 200),
        seed: UInt64 = 1, lane: Int = 0
    ) -> [Workload.Execution] {
        var workload = Workload(accounts: accounts, skew: skew, durations: durations, seed: seed, lane: lane)
        return (0..<count).map { _ in workload.next() }
    }

    @Test("The first executions of seed 1 are these, today and on every machine")
    func exact() {
        let first = Self.executions(6, accounts: 10_000)
        #expect(first.map(\.account) == [3681, 452, 2191, 6262, 1769, 6147])
        #expect(first.map(\.durationMs) == [575, 301, 298, 57, 56, 526])
    }

    @Test("Another seed or another lane is another sequence, the same is the same")
    func seeds() {
        #expect(Self.executions(50) == Self.executions(50))
        #expect(Self.executions(50) != Self.executions(50, seed: 2))
        #expect(Self.executions(50) != Self.executions(50, lane: 1))
    }

    @Test("Another distribution of durations leaves the accounts as they are")
    func independent() {
        let accounts = Self.executions(50).map(\.account)
        #expect(Self.executions(50, durations: .fixed(ms: 7)).map(\.account) == accounts)
        #expect(Self.executions(50, durations: .uniform(1...9)).map(\.account) == accounts)
    }

    @Test(
        "Under Zipf's law the account at place k gets 1/k^s of what the first gets", arguments: [0.5, 1, 1.5])
    func zipf(exponent: Double) {
        let count = 200_000
        var hits = [Int](repeating: 0, count: 50)
        for execution in Self.executions(count, accounts: 50, skew: .zipf(exponent: exponent)) {
            hits[execution.account] += 1
        }
        let weights = (1...50).map { 1 / Double($0).power(exponent) }
        let sum = weights.reduce(0, +)
        for (place, weight) in weights.enumerated() {
            let expected = Double(count) * weight / sum
            // Five standard deviations of a count.
            #expect(abs(Double(hits[place]) - expected) < 5 * expected.squareRoot(), "place \(place + 1)")
        }
    }

    @Test("Uniform accounts are all alike, and each of them comes")
    func uniform() {
        var hits = [Int](repeating: 0, count: 50)
        for execution in Self.executions(100_000, accounts: 50) { hits[execution.account] += 1 }
        for hit in hits { #expect(abs(hit - 2_000) < 5 * 45) }
    }

    @Test("One account is always the same", arguments: [Skew.uniform, .zipf(exponent: 1)])
    func alone(skew: Skew) {
        #expect(Self.executions(100, accounts: 1, skew: skew).allSatisfy { $0.account == 0 })
    }

    @Test("Durations have the mean and the bounds of their distribution")
    func durations() {
        let exponential = Self.executions(100_000, durations: .exponential(meanMs: 200)).map(\.durationMs)
        #expect(abs(exponential.reduce(0, +) - 20_000_000) < 400_000)
        #expect(exponential.min() == 0)
        #expect(exponential.max()! > 1_500)
        let uniform = Set(Self.executions(10_000, durations: .uniform(5...8)).map(\.durationMs))
        #expect(uniform == [5, 6, 7, 8])
        #expect(Set(Self.executions(10, durations: .fixed(ms: 84)).map(\.durationMs)) == [84])
        #expect(Set(Self.executions(10, durations: .exponential(meanMs: 0)).map(\.durationMs)) == [0])
    }

    @Test(
        "The n-th request of a rate is due at n / rate, without drift after a day",
        arguments: [1, 3, 7, 1_000_003])
    func schedule(perSecond: Int) {
        var schedule = Schedule(perSecond: perSecond)
        var last = -1
        for number in 0..<1_000 {
            let due = schedule.next
            let exact = (number * 1_000_000_000).quotientAndRemainder(dividingBy: perSecond)
            #expect(due == exact.quotient)
            #expect(due > last)
            last = due
            schedule.advance()
        }
        let day = 86_400
        var late = Schedule(perSecond: perSecond, lane: day * perSecond)
        #expect(late.next == day * 1_000_000_000)
        late.advance()
        #expect(late.next == day * 1_000_000_000 + 1_000_000_000 / perSecond)
    }

    @Test("Lanes share a rate without a gap or a repetition")
    func lanes() {
        var all: [Int] = []
        for lane in 0..<3 {
            var schedule = Schedule(perSecond: 700, lane: lane, lanes: 3)
            for _ in 0..<100 {
                all.append(schedule.next)
                schedule.advance()
            }
        }
        var whole = Schedule(perSecond: 700)
        let expected = (0..<300).map { _ in
            defer { whole.advance() }
            return whole.next
        }
        #expect(all.sorted() == expected)
    }
}

extension Double {
    /// For the exponents above: n^0.5, n or n^1.5.
    fileprivate func power(_ exponent: Double) -> Double {
        exponent == 1 ? self : exponent == 0.5 ? squareRoot() : self * squareRoot()
    }
}
