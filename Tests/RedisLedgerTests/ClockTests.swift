// Two ledgers on one account while the server's clock jumps about: what they grant is strict by the instants they were
// granted at, and for the account time never steps back.

import Accounting
import LedgerRig
import Oracle
import RuleTable
import SeededChance
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

    private static let steps = [0, 1, 7, 99, 100, 900, 3_000, 3_000, -1, -100, -1_000, -3_000]

    @Test("Steps back and forth grant nothing beyond a limit, and no instant goes back", arguments: 0..<6)
    func isStrict(seed: Int) async throws {
        let clock = ManualClock()
        var chance = SeededGenerator(seed: seed)
        var log = SlidingLog()
        var (latest, back) = (0, 0)
        try await RedisServer.withServer { server in
            try await LedgerRig.withRedis(server.url, clock: clock) { one in
                try await LedgerRig.withRedis(server.url, clock: clock) { two in
                    for round in 0..<120 {
                        let step = chance.pick(Self.steps)
                        if step < 0 { back += 1 }
                        clock.advance(byMs: step)
                        for (name, ledger) in [("one", one), ("two", two)] {
                            let asks = (0..<5).map { number in
                                Ask(
                                    id: ExecutionID("\(name)-\(round)-\(number)")!,
                                    durationMs: chance.pick([0, 90, 400]), minimumMs: 1)
                            }
                            let heard = try await ledger.hear(
                                asks.map { Put(.admit($0), about: Self.account, under: Self.plan) })
                            for (ask, heard) in zip(asks, heard) {
                                guard case .admitted(let grant)? = heard.answer?.verdict else { continue }
                                #expect(grant.admittedAt.ms >= latest, "seed \(seed), round \(round)")
                                latest = grant.admittedAt.ms
                                log.admit(ask.id, grant)
                                for limit in Self.plan.limits {
                                    #expect(
                                        log.used(of: limit, at: latest) <= limit.amount,
                                        "seed \(seed), round \(round)")
                                }
                            }
                        }
                    }
                }
            }
        }
        #expect(back > 20 && log.charges.count > 100)
    }
}
