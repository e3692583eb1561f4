// The rule exists twice, in Swift and in Lua. Both run through the same random histories and must
// give the same answers, field by field, including what a settlement returns about the execution.
// Three ledgers are compared: Redis with the questions of a tick together, Redis with each alone,
// and the account ledger.

import Accounting
import LedgerRig
import RuleTable
import SeededChance
import TestServers
import Testing

@Suite("The rule in Swift and the rule in Lua agree", .serialized)
struct AgreementTests {
    static let streams = 4
    /// Each history has about 370 questions, and each of them is put to Redis twice. More is only a
    /// matter of time.
    static let historiesPerStream = Proof.isAsked ? 1_000 : 72
    static let ticksPerHistory = 60

    @Test("Random histories are answered alike, field by field", arguments: 0..<streams)
    func agree(stream: Int) async throws {
        let clock = ManualClock()
        var questions = 0
        try await RedisServer.withServer { server in
            try await LedgerRig.withRedis(server.url, clock: clock, logRows: 1_000) { redis in
                try await LedgerRig.withForgetting(on: server.url) { forget in
                    for seed in stream * Self.historiesPerStream..<(stream + 1) * Self.historiesPerStream {
                        let history = History(seed: seed, ticks: Self.ticksPerHistory)
                        questions += history.questions.count + history.ids.count
                        let failure = try await Self.disagreement(history, redis, forget, clock)
                        guard let failure else { continue }
                        Issue.record("\(failure)")
                        return
                    }
                }
                // Nothing that these histories left behind may stay for ever.
                for key in try server.command("KEYS", "*").split(separator: "\n") {
                    let ttl = try server.command("PTTL", String(key))
                    #expect(ttl != "-1", "\(key) has no time to live")
                }
            }
        }
        print(
            "agreement \(stream): \(2 * questions) operations: \(questions) questions, each alone and together"
        )
        #expect(questions > 25_000, "fewer than promised")
    }

    /// nil when all agree; else the seed and the shortest prefix that does not.
    private static func disagreement(
        _ history: History, _ redis: LedgerRig,
        _ forget: (Account, Plan, Timestamp) async throws -> Void, _ clock: ManualClock
    ) async throws -> String? {
        var ledger = AccountLedger()
        let together = Account("together-\(history.seed)")!
        let alone = Account("alone-\(history.seed)")!
        for (number, tick) in history.ticks.enumerated() {
            clock.now = tick.clock
            if tick.forgets {
                ledger.forget(under: tick.plan, at: tick.clock)
                for account in [together, alone] {
                    try await forget(account, tick.plan, tick.clock)
                }
            }
            let expected = tick.questions.map { ledger.answer($0, under: tick.plan, at: tick.clock) }
            let combined = try await redis.receive(
                tick.questions.map { Put($0, about: together, under: tick.plan) })
            // One event loop tick each, but without waiting in between: Redis takes them in order.
            var ticks: [Tick] = []
            for question in tick.questions {
                ticks.append(try await redis.begin([Put(question, about: alone, under: tick.plan)]))
            }
            for (index, expected) in expected.enumerated() {
                let single = try await ticks[index].received()[0]
                for (how, received) in [("together", combined[index]), ("alone", single)]
                where received.result != .success(expected) {
                    return """
                        seed \(history.seed), put \(how), the last question of:
                        Lua:   \(received.result)
                        Swift: \(expected)
                        \(history.text(upTo: number, question: index))
                        """
                }
            }
        }
        return try await difference(ledger, history, redis, [together, alone])
    }

    /// Whether what is left behind differs: what counts under any of the history's plans, and what
    /// is held.
    private static func difference(
        _ ledger: AccountLedger, _ history: History, _ redis: LedgerRig, _ accounts: [Account]
    ) async throws -> String? {
        guard let last = history.ticks.last else { return nil }
        var ledger = ledger
        let looks =
            history.plans.map { (Question.peek, $0) }
            + history.ids.map { (Question.settle($0, durationMs: 1), last.plan) }
        let expected = looks.map { ledger.answer($0.0, under: $0.1, at: last.clock) }
        for account in accounts {
            let received = try await redis.receive(looks.map { Put($0.0, about: account, under: $0.1) })
            for (look, (received, expected)) in zip(looks, zip(received, expected))
            where received.result != .success(expected) {
                return "seed \(history.seed): after it \(look.0) is \(received.result), not \(expected)"
            }
        }
        return nil
    }
}
