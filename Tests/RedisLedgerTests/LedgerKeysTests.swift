// The key schema: the exact keys, and that no two of them can be confused.

import Accounting
import LedgerRig
import RedisLedger
import RuleTable
import TestServers
import Testing

@Suite("The keys of the ledger")
struct LedgerKeysTests {
    @Test("An account has one key, with its hash tag, and in it a field for each window shape")
    func spells() throws {
        let keys = try #require(LedgerKeys(prefix: "stint:"))
        let account = Account("team:a@b.c")!
        #expect(keys.accountLedger(of: account) == "stint:{team:a@b.c}")
        #expect(LedgerKeys(prefix: "")?.accountLedger(of: Account("x")!) == "{x}")
        #expect(LedgerKeys.field(of: WindowShape(lengthMs: 60_000)) == "w:60000:60")
        #expect(
            LedgerKeys.field(of: WindowShape(lengthMs: 2_678_400_000, cells: 1_000)) == "w:2678400000:1000")
    }

    @Test(
        "A prefix that could be mistaken for a hash tag or a pattern is refused",
        arguments: [
            "{", "}", "a{b}", "*", "a b", "a/b", "é", "\n", "@", String(repeating: "x", count: 65),
        ])
    func refusesPrefix(_ prefix: String) { #expect(LedgerKeys(prefix: prefix) == nil) }

    @Test("These are prefixes", arguments: ["", "stint:", "A-z_0.9:", String(repeating: "x", count: 64)])
    func takesPrefix(_ prefix: String) { #expect(LedgerKeys(prefix: prefix)?.prefix == prefix) }

    @Test("Whatever is asked, these fields of one key are written; looking and vain questions write none")
    func writesOnlyThese() async throws {
        let plan = try Plan(
            name: "p",
            limits: [
                Limit(name: "a", meter: .executions, amount: 1, windowMs: 60_000),
                Limit(name: "b", meter: .executionTime, amount: 1_000, windowMs: 60_000),
                Limit(name: "c", meter: .executions, amount: 9, windowMs: 3_600_000, cells: 7),
            ])
        try await RedisServer.withServer { server in
            try await LedgerRig.withRedis(server.url, prefix: "p:") { ledger in
                let account = Account("acct")!
                _ = try await ledger.ask(.peek, about: account, under: plan)
                _ = try await ledger.ask(
                    .settle(ExecutionID("x")!, durationMs: 1), about: account, under: plan)
                _ = try await ledger.ask(.ask("x", 9_999, min: 9_999), about: account, under: plan)
                #expect(try server.command("DBSIZE") == "0")
                for id in ["a", "b"] { _ = try await ledger.ask(.ask(id, 10), about: account, under: plan) }
                _ = try await ledger.ask(
                    .settle(ExecutionID("a")!, durationMs: 1), about: account, under: plan)
                #expect(try server.command("KEYS", "*") == "p:{acct}")
                let fields = try server.command("HKEYS", "p:{acct}").split(
                    separator: "\n", omittingEmptySubsequences: false
                ).sorted()
                #expect(fields == ["", "a", "w:3600000:7", "w:60000:60"])
            }
        }
    }
}

extension Question {
    static func ask(_ id: String, _ durationMs: Int, min minimumMs: Int = 1) -> Question {
        .admit(Ask(id: ExecutionID(id)!, durationMs: durationMs, minimumMs: minimumMs))
    }
}
