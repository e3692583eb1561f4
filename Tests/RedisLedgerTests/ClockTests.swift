// Two ledgers on one account while the server's clock jumps. By the instants of the grants, what
// they grant is strict while steps back are small; by true time it is always strict.

import Accounting
import LedgerRig
import Metrics
import Oracle
import RuleTable
import SeededChance
import Synchronization
import TestServers
import Testing

@Suite("A ledger whose clock is set")
struct ClockTests {
    private static let account = Account("acct")!
    private static let plan = try! Plan(
        name: "p",
        limits: [
            Limit(name: "executions", meter: .executions, amount: 40, windowMs: 1_000, cells: 10),
            Limit(name: "time", meter: .executionTime, amount: 5_000, windowMs: 3_000),
        ])

    private static let forward = [0, 1, 7, 99, 100, 900, 3_000, 3_000]
    /// All of them together less than the shorter window, and more than either.
    private static let back = [[-1, -7, -1, -2], [-1, -100, -1_000, -1_101, -3_000, -3_051, -60_000]]

    @Test("Steps back and forth grant nothing beyond a limit", arguments: 0..<6)
    func isStrict(seed: Int) async throws {
        let clock = ManualClock()
        var random = SeededGenerator(seed: seed)
        let isSmall = seed % 2 == 0
        var (byInstant, byTrueTime) = (SlidingLog(), SlidingLog())
        var (latest, now, back) = (0, 0, 0)
        try await RedisServer.withServer { server in
            try await LedgerRig.withRedis(server.url, clock: clock) { one in
                try await LedgerRig.withRedis(server.url, clock: clock) { two in
                    for round in 0..<120 {
                        let step = random.pick(Self.forward + Self.back[isSmall ? 0 : 1])
                        if step < 0 { back += 1 } else { now += step }
                        clock.advance(byMs: step)
                        for (name, ledger) in [("one", one), ("two", two)] {
                            let asks = (0..<5).map { number in
                                Ask(
                                    id: ExecutionID("\(name)-\(round)-\(number)")!,
                                    durationMs: random.pick([0, 90, 400]), minimumMs: 1)
                            }
                            let received = try await ledger.receive(
                                asks.map { Put(.admit($0), about: Self.account, under: Self.plan) })
                            for (ask, received) in zip(asks, received) {
                                guard case .admitted(let grant)? = received.answer?.verdict else { continue }
                                byInstant.admit(ask.id, grant)
                                byTrueTime.admit(
                                    ask.id,
                                    Grant(admittedAt: Timestamp(ms: now), durationMs: grant.durationMs))
                                #expect(
                                    !isSmall || grant.admittedAt.ms >= latest, "seed \(seed), round \(round)")
                                latest = grant.admittedAt.ms
                                #expect(latest - clock.now.ms <= 3_050, "seed \(seed), round \(round)")
                                for limit in Self.plan.limits {
                                    #expect(
                                        byTrueTime.used(of: limit, at: now) <= limit.amount,
                                        "seed \(seed), round \(round)")
                                    #expect(
                                        !isSmall || byInstant.used(of: limit, at: latest) <= limit.amount,
                                        "seed \(seed), round \(round)")
                                }
                            }
                        }
                    }
                }
            }
        }
        #expect(back > 20 && byInstant.charges.count > 100)
    }

    @Test("What restarted is counted once, and its blocks of before are gone")
    func beginsAnew() async throws {
        let clock = ManualClock()
        let counted = CountedSteps()
        let plan = try Plan(
            name: "p", limits: [Limit(name: "l", meter: .executionTime, amount: 100_000, windowMs: 60_000)])
        try await RedisServer.withServer { server in
            try await LedgerRig.withRedis(server.url, clock: clock, metrics: counted) { ledger in
                func ask(_ id: String) async throws -> Answer {
                    try await ledger.ask(.ask(id, 100), about: Self.account, under: plan)
                }
                for second in 0..<50 {
                    clock.advance(byMs: 1_000)
                    _ = try await ask("e\(second)")
                }
                #expect(try server.command("HKEYS", "{acct}").contains("w:60000:60:"))
                #expect(counted.steps == 0)
                clock.advance(byMs: -3_600_000)
                // A look changes nothing, so it is not counted.
                let peek = try await ledger.ask(.peek, about: Self.account, under: plan)
                #expect(
                    peek.usage == [Usage(executions: 50, executionTimeMs: 5_000, oldestLeavesInMs: 60_000)])
                #expect(counted.steps == 0)
                #expect(
                    try await ask("after").usage == [
                        Usage(executions: 51, executionTimeMs: 5_100, oldestLeavesInMs: 60_000)
                    ])
                #expect(try !server.command("HKEYS", "{acct}").contains("w:60000:60:"))
                #expect(try await ask("again").usage[0].executions == 52)
                #expect(counted.steps == 1)
                // Time comes to where it was: the cells of then, which lie between these, are not
                // found again.
                for ms in [60_000, 3_485_000, 57_000] {
                    clock.advance(byMs: ms)
                    _ = try await ask("at-\(clock.now.ms)")
                }
                clock.advance(byMs: 4_000)
                let last = try await ledger.ask(.peek, about: Self.account, under: plan)
                #expect(last.usage == [Usage(executions: 1, executionTimeMs: 100, oldestLeavesInMs: 56_000)])
                #expect(counted.steps == 1)
            }
        }
    }
}

/// How often the ledger counted a step of the clock.
private final class CountedSteps: MetricsFactory, CounterHandler {
    private let count = Mutex(0)

    var steps: Int { count.withLock { $0 } }

    func increment(by amount: Int64) { count.withLock { $0 += Int(amount) } }
    func reset() {}
    func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        label == "stint_clock_steps_total" ? self : NOOPMetricsHandler.instance
    }
    func makeRecorder(label: String, dimensions: [(String, String)], aggregate: Bool) -> any RecorderHandler {
        NOOPMetricsHandler.instance
    }
    func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        NOOPMetricsHandler.instance
    }
    func destroyCounter(_: any CounterHandler) {}
    func destroyRecorder(_: any RecorderHandler) {}
    func destroyTimer(_: any TimerHandler) {}
}
