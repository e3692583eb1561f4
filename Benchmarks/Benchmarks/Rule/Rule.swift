// What one question costs the rule itself: no Redis, no HTTP. The memory ledger answers it, under a
// clock that the benchmark moves.

import Accounting
import Benchmark
import Synchronization

let benchmarks: @Sendable () -> Void = {
    Benchmark.defaultConfiguration = .init(
        metrics: [.wallClock, .throughput], scalingFactor: .kilo, maxDuration: .seconds(2))

    Benchmark("admit and settle, one account") { benchmark in
        try pairs(benchmark, accounts: 1, stepMs: 0)
    }
    Benchmark("admit and settle, 10,000 accounts") { benchmark in
        try pairs(benchmark, accounts: 10_000, stepMs: 0)
    }
    Benchmark("admit and settle, a cell opens and leaves each time") { benchmark in
        try pairs(benchmark, accounts: 1, stepMs: 1_000)
    }
    Benchmark("deny at the limit") { benchmark in
        let ledger = MemoryLedger { Timestamp(ms: 1_770_000_000_000) }
        let account = Account("acme")!
        let plan = try Plan.serverless()
        var random = SystemRandomNumberGenerator()
        for _ in 0..<60 { _ = ledger.answer(.admit(ask(10_000, &random)), about: account, under: plan) }
        let denied = ask(10_000, &random)
        benchmark.startMeasurement()
        for _ in benchmark.scaledIterations {
            blackHole(ledger.answer(.admit(denied), about: account, under: plan))
        }
    }
}

private func ask(_ durationMs: Int, _ random: inout SystemRandomNumberGenerator) -> Ask {
    Ask(id: ExecutionID(using: &random), isNew: true, durationMs: durationMs, minimumMs: 100)
}

/// Admits 100 ms and settles 80 ms, account after account; every pair moves the clock by `stepMs`.
private func pairs(_ benchmark: Benchmark, accounts: Int, stepMs: Int) throws {
    let clock = Mutex(1_770_000_000_000)
    let ledger = MemoryLedger { Timestamp(ms: clock.withLock { $0 }) }
    let names = (0..<accounts).map { Account("acct-\($0)")! }
    let plan = try Plan(
        name: "wide",
        limits: [
            Limit(name: "execution-time", meter: .executionTime, amount: 1_099_511_627_776, windowMs: 60_000),
            Limit(name: "executions", meter: .executions, amount: 2_147_483_647, windowMs: 60_000),
        ])
    var random = SystemRandomNumberGenerator()
    var turn = 0
    benchmark.startMeasurement()
    for _ in benchmark.scaledIterations {
        let account = names[turn % accounts]
        turn += 1
        clock.withLock { $0 += stepMs }
        let ask = ask(100, &random)
        blackHole(ledger.answer(.admit(ask), about: account, under: plan))
        blackHole(ledger.answer(.settle(ask.id, durationMs: 80), about: account, under: plan))
    }
}
