// An account with 200,000 holds: every question, change and view of it takes Redis milliseconds,
// not the time to read all of them.

import Accounting
import LedgerRig
import RedisLedger
import RuleTable
import TestServers
import Testing

@Suite("An account with 200,000 holds")
struct ManyHoldsTests {
    private static let account = Account("acct-4711")!
    private static let key = "stint:{acct-4711}"
    private static let holds = 200_000
    /// Far more than any of the scripts needs, on a machine that does other things too; to look at
    /// every hold takes 500 ms.
    private static let longestMicroseconds = 50_000

    /// Puts holds beside the one that is there, all as that is; its id is `e`.
    private static func fill(_ server: RedisServer) throws {
        let script = """
            local hold = redis.call('HGET', KEYS[1], 'e')
            for i = 1, \(holds) do redis.call('HSET', KEYS[1], 'h' .. i, hold) end
            """
        try server.command("EVAL", script, "1", key)
        try server.recordScripts()
    }

    private static func settle(_ id: String) -> Question { .settle(ExecutionID(id)!, durationMs: 10) }

    @Test("Forgetting its charges takes no longer than for any other", arguments: [1, 2])
    func forgetting(windows: Int) async throws {
        let plan = try LogTests.plan(windows: windows)
        let clock = ManualClock()
        try await LedgerRig.withServer(clock: clock) { server, ledger in
            _ = try await ledger.ask(.ask("e", 10_000), about: Self.account, under: plan)
            try Self.fill(server)
            try await LedgerRig.withInspector(on: server) { inspector in
                for _ in 0..<5 { try await inspector.forget(Self.account, under: plan, at: clock.now) }
                let took = try server.medianScriptMicroseconds()
                print("many holds: to forget the charges of \(Self.holds) holds takes \(took) us")
                #expect(took > 0 && took < 10_000)
                let cells = try await inspector.cells(of: Self.account, under: plan)
                #expect(cells.allSatisfy { $0.cells.isEmpty })
            }
            let peek = try await ledger.ask(.peek, about: Self.account, under: plan)
            #expect(peek.usage.allSatisfy { $0.executions == 0 && $0.executionTimeMs == 0 })
            // Charged in the same ms and the same cell, which late settlements leave alone.
            _ = try await ledger.ask(.ask("new", 9_000), about: Self.account, under: plan)
            for id in ["e", "h1", "h\(Self.holds)"] {
                let late = try await ledger.ask(Self.settle(id), about: Self.account, under: plan)
                guard case .settled(let receipt) = late.verdict else {
                    Issue.record("\(late)")
                    return
                }
                #expect(receipt.chargedMs == 10_000 && receipt.returnedMs == 0)
                #expect(late.usage.allSatisfy { $0.executions == 1 && $0.executionTimeMs == 9_000 })
            }
            // What was charged after it is corrected, and a repeated admission is held.
            let held = try await ledger.ask(.ask("h2", 10_000), about: Self.account, under: plan)
            #expect(
                held.verdict == .held(Grant(admittedAt: Scenario.beginning, durationMs: 10_000)))
            let settled = try await ledger.ask(Self.settle("new"), about: Self.account, under: plan)
            #expect(settled.usage.allSatisfy { $0.executions == 1 && $0.executionTimeMs == 10 })
            let took = try server.medianScriptMicroseconds()
            #expect(took < Self.longestMicroseconds, "\(took) us")
        }
    }

    @Test("When they have expired they go in bounded portions, whoever looks", arguments: [1, 2])
    func expired(windows: Int) async throws {
        let plan = try LogTests.plan(windows: windows)
        let clock = ManualClock()
        try await LedgerRig.withServer(clock: clock) { server, ledger in
            _ = try await ledger.ask(.ask("e", 10_000), about: Self.account, under: plan)
            try Self.fill(server)
            clock.advance(byMs: 600_000)
            for number in 0..<20 {
                _ = try await ledger.ask(.ask("n\(number)", 10), about: Self.account, under: plan)
                clock.advance(byMs: 1)
            }
            let kept = try #require(Int(try server.command("HLEN", Self.key)))
            #expect(kept < Self.holds && kept > Self.holds - 20 * 300)
            try await LedgerRig.withInspector(on: server) { inspector in
                // Its clock is the server's, by which all that is left has expired or is about
                // to be told.
                _ = try await inspector.holds(of: Self.account, maximum: 10)
            }
            let took = try server.medianScriptMicroseconds()
            print("many holds: a look at \(Self.holds) expired holds takes \(took) us")
            #expect(took > 0 && took < Self.longestMicroseconds, "\(took) us")
            #expect(try #require(Int(try server.command("HLEN", Self.key))) < kept)
        }
    }

    @Test("An account ledger whose windows are damaged is mended when its charges are forgotten")
    func mended() async throws {
        let plan = try LogTests.plan(windows: 2)
        let clock = ManualClock()
        try await LedgerRig.withServer(clock: clock) { server, ledger in
            _ = try await ledger.ask(.ask("e", 10_000), about: Self.account, under: plan)
            for (field, value) in [
                ("w:60000:60", "something else"), ("w:120000:60:3", "x"), ("", "y"),
            ] {
                try server.command("HSET", Self.key, field, value)
            }
            let refused = try await ledger.receive([Put(.peek, about: Self.account, under: plan)])
            #expect(refused[0].isNotApplied)
            try await LedgerRig.withInspector(on: server) { inspector in
                try await inspector.forget(Self.account, under: plan, at: clock.now)
            }
            clock.advance(byMs: 1)
            for second in 0..<200 {
                let answer = try await ledger.ask(
                    .ask("n\(second)", 10), about: Self.account, under: plan)
                #expect(answer.usage[0].executions == min(second + 1, 60))
                // Two charges a cell: one of them may count for a second longer.
                #expect(
                    (min(second + 1, 120)...min(second + 1, 121)).contains(answer.usage[1].executions))
                clock.advance(byMs: 1_000)
            }
        }
    }

    @Test("What says that charges were forgotten goes with the cell, and the usual way is taken again")
    func epochGoes() async throws {
        let plan = try LogTests.plan(windows: 1)
        let clock = ManualClock()
        try await LedgerRig.withServer(clock: clock) { server, ledger in
            try await LedgerRig.withInspector(on: server) { inspector in
                func windowBytes() throws -> Int {
                    try #require(Int(try server.command("HSTRLEN", Self.key, "w:60000:60")))
                }
                try await inspector.forget(Self.account, under: plan, at: clock.now)
                #expect(try server.command("EXISTS", Self.key) == "0")
                _ = try await ledger.ask(.ask("e", 10_000), about: Self.account, under: plan)
                #expect(try windowBytes() % 14 == 72 % 14)
                try await inspector.forget(Self.account, under: plan, at: clock.now)
                try await inspector.forget(Self.account, under: plan, at: clock.now)
                #expect(try windowBytes() == 80)
                #expect(try #require(Int(try server.command("PTTL", Self.key))) > 0)
                clock.advance(byMs: 2_000)
                _ = try await ledger.ask(.ask("f", 10_000), about: Self.account, under: plan)
                #expect(try windowBytes() % 14 == 72 % 14)
            }
        }
    }

    @Test("A clock that was far ahead when charges were forgotten does not hold the account there")
    func clockAhead() async throws {
        let plan = try LogTests.plan(windows: 1)
        let clock = ManualClock()
        try await LedgerRig.withServer(clock: clock) { server, ledger in
            _ = try await ledger.ask(.ask("e", 10_000), about: Self.account, under: plan)
            try await LedgerRig.withInspector(on: server) { inspector in
                try await inspector.forget(Self.account, under: plan, at: clock.now + 3_600_000)
            }
            clock.advance(byMs: 1)
            let first = try await ledger.ask(.ask("f", 9_000), about: Self.account, under: plan)
            #expect(first.verdict == .admitted(Grant(admittedAt: clock.now, durationMs: 9_000)))
            clock.advance(byMs: 1)
            let settled = try await ledger.ask(Self.settle("f"), about: Self.account, under: plan)
            #expect(settled.usage.map(\.executionTimeMs) == [10])
            let late = try await ledger.ask(Self.settle("e"), about: Self.account, under: plan)
            #expect(late.usage.map(\.executionTimeMs) == [10])
        }
    }
}
