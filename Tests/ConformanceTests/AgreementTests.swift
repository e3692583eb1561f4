// The rule exists twice, in Swift and in Lua. Here both live through the same random histories and must give the
// same answers, field by field: Redis with the questions of a tick together, Redis with each alone, and the page.

import Accounting
import LedgerRig
import RuleTable
import TestServers
import Testing

@Suite("The rule in Swift and the rule in Lua agree", .serialized)
struct AgreementTests {
    /// Each history has about 370 questions, and each of them is put to Redis twice. More is only a matter of time.
    static let histories = 48
    static let ticksPerHistory = 60
    static let streams = 3

    @Test("Random histories are answered alike, field by field", arguments: 0..<streams)
    func agree(stream: Int) async throws {
        let clock = ManualClock()
        var questions = 0
        try await RedisServer.withServer { server in
            try await LedgerRig.withRedis(server.url, clock: clock) { redis in
                for seed in stream * Self.histories / Self.streams..<(stream + 1) * Self.histories
                    / Self.streams
                {
                    let history = History(seed: seed, ticks: Self.ticksPerHistory)
                    questions += history.questionCount
                    guard let failure = try await Self.disagreement(history, redis, clock) else { continue }
                    Issue.record("\(failure)")
                    return
                }
                // Nothing that these histories left behind may stay for ever.
                for key in try server.command("KEYS", "*").split(separator: "\n") {
                    let ttl = try server.command("PTTL", String(key))
                    #expect(ttl != "-1", "\(key) has no time to live")
                }
            }
        }
        print("agreement \(stream): \(questions) questions, each alone and together")
        #expect(questions > 5_000)
    }

    /// nil when all agree; else the seed and the shortest prefix that does not.
    private static func disagreement(
        _ history: History, _ redis: LedgerRig, _ clock: ManualClock
    ) async throws -> String? {
        var page = LedgerPage()
        let together = Account("together-\(history.seed)")!
        let alone = Account("alone-\(history.seed)")!
        for (number, tick) in history.ticks.enumerated() {
            clock.now = tick.clock
            let expected = tick.questions.map { page.answer($0, under: tick.plan, at: tick.clock) }
            let combined = try await redis.hear(
                tick.questions.map { Put($0, about: together, under: tick.plan) })
            // One event loop tick each, but without waiting in between: Redis takes them in order.
            var ticks: [Tick] = []
            for question in tick.questions {
                ticks.append(try await redis.begin([Put(question, about: alone, under: tick.plan)]))
            }
            for (index, expected) in expected.enumerated() {
                let single = try await ticks[index].heard()[0]
                for (how, heard) in [("together", combined[index]), ("alone", single)]
                where heard.result != .success(expected) {
                    return """
                        seed \(history.seed), put \(how), question \(index) of the last tick:
                        Lua:   \(heard.result)
                        Swift: \(expected)
                        \(history.ticks.prefix(number + 1).map(\.description).joined())
                        """
                }
            }
        }
        return try await difference(page, history, redis, [together, alone])
    }

    /// Whether what is left behind differs under any of the history's plans.
    private static func difference(
        _ page: LedgerPage, _ history: History, _ redis: LedgerRig, _ accounts: [Account]
    ) async throws -> String? {
        guard let last = history.ticks.last else { return nil }
        var page = page
        for plan in history.plans {
            let expected = page.answer(.peek, under: plan, at: last.clock)
            for account in accounts {
                let answer = try await redis.ask(.peek, about: account, under: plan)
                if answer != expected {
                    return "seed \(history.seed): \(account) is \(answer), not \(expected)"
                }
            }
        }
        return nil
    }
}
