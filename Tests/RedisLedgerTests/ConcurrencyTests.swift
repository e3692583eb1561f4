// Several processes and one account: two ledgers, each on its own loop, with the server's own
// clock.

import Accounting
import LedgerRig
import RuleTable
import TestServers
import Testing

@Suite("Ledgers that share an account")
struct ConcurrencyTests {
    private static let account = Account("hot")!

    /// Asks five at a time until `end`; every grant that was given.
    private static func hammer(
        _ url: String, name: String, plan: Plan, until end: ContinuousClock.Instant
    ) async throws -> [Grant] {
        var grants: [Grant] = []
        try await LedgerRig.withRedis(url) { ledger in
            var round = 0
            while ContinuousClock.now < end {
                round += 1
                let puts = (0..<5).map { number in
                    Put(.ask("\(name)-\(round)-\(number)", 10, min: 1), about: account, under: plan)
                }
                for received in try await ledger.receive(puts) {
                    if case .admitted(let grant)? = received.answer?.verdict { grants.append(grant) }
                }
            }
        }
        return grants
    }

    @Test("Together they never admit more than the limit in any window, and do not waste it")
    func areStrictTogether() async throws {
        let plan = try Plan(
            name: "p",
            limits: [
                Limit(name: "executions", meter: .executions, amount: 40, windowMs: 1_000, cells: 10),
                Limit(name: "time", meter: .executionTime, amount: 1_005, windowMs: 3_000),
            ])
        try await RedisServer.withServer { server in
            // Twice as long as the longer window: a machine that stands still for a moment leaves
            // one of them whole.
            let end = ContinuousClock.now + .seconds(6)
            async let one = Self.hammer(server.url, name: "one", plan: plan, until: end)
            async let two = Self.hammer(server.url, name: "two", plan: plan, until: end)
            let grants = try await one + two
            var (mostExecutions, mostMs) = (0, 0)
            for grant in grants {
                let now = grant.admittedAt
                func inside(_ windowMs: Int) -> [Grant] {
                    grants.filter { $0.admittedAt <= now && now < $0.admittedAt + windowMs }
                }
                mostExecutions = max(mostExecutions, inside(1_000).count)
                mostMs = max(mostMs, inside(3_000).reduce(0) { $0 + $1.durationMs })
            }
            // Filled to the last execution and the last ms, and never more.
            #expect(mostExecutions == 40 && mostMs == 1_005)
            // A window of time takes 101 of them; the second begins at 3 s.
            #expect(grants.count > 101)
        }
    }
}
