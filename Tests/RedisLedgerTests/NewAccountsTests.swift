// The bound on new accounts, because callers choose how much memory they take. A known account is
// never refused.

import Accounting
import LedgerRig
import RuleTable
import TestServers
import Testing

@testable import RedisLedger

@Suite("Accounts that are new")
struct NewAccountsTests {
    private static func account(_ name: String) -> Account { Account(name)! }

    @Test("At most the maximum of new accounts is admitted per hour, with a time to retry")
    func counted() throws {
        let clock = ManualClock()
        let accounts = try NewAccounts(maximumPerHour: 3, clock: { clock.now })
        #expect(accounts.hasRoom && accounts.retryAfterMs == nil)
        accounts.count(1)
        clock.advance(byMs: 60_000)
        accounts.count(2)
        #expect(!accounts.hasRoom && accounts.retryAfterMs == 3_540_000)
        clock.advance(byMs: 3_539_999)
        #expect(!accounts.hasRoom)
        clock.advance(byMs: 1)
        #expect(accounts.hasRoom)
        accounts.count(5)
        #expect(!accounts.hasRoom && accounts.retryAfterMs == 60_000)
    }

    @Test(
        "Beyond the bound new accounts are refused and leave nothing; whoever is known is served",
        arguments: [1, 2])
    func refused(windows: Int) async throws {
        let plan = try LogTests.plan(windows: windows)
        let (clock, hours) = (ManualClock(), ManualClock())
        let bound = try NewAccounts(maximumPerHour: 3, clock: { hours.now })
        try await RedisServer.withServer { server in
            try await LedgerRig.withRedis(
                server.url, prefix: "stint:", clock: clock, logRows: 1_000, newAccounts: bound
            ) { ledger in
                func ask(_ id: String, _ name: String) async throws -> Received {
                    let put = Put(.ask(id, 10), about: Self.account(name), under: plan)
                    return try await ledger.receive([put])[0]
                }
                func isAdmitted(_ received: Received) -> Bool {
                    if case .admitted? = received.answer?.verdict { true } else { false }
                }
                func isRefused(_ received: Received) -> Bool {
                    if case .failure(.noRoom(let why, let waitMs)) = received.result {
                        why.contains("accounts.maximumNewPerHour") && waitMs == 3_600_000
                    } else {
                        false
                    }
                }
                // Two asks of one account make one account new.
                for (id, name) in [("a", "one"), ("b", "one"), ("a", "two"), ("a", "three")] {
                    #expect(isAdmitted(try await ask(id, name)))
                }
                for _ in 0..<2 { #expect(isRefused(try await ask("a", "four"))) }
                #expect(try server.command("EXISTS", "stint:{four}") == "0")
                // Looking and settling make nobody known, and are no business of the bound.
                let peek = try await ledger.ask(.peek, about: Self.account("four"), under: plan)
                #expect(peek.verdict == .peeked)
                #expect(isAdmitted(try await ask("c", "one")))
                // Its account ledger is gone, its log is not.
                let settle = Question.settle(ExecutionID("a")!, durationMs: 1)
                _ = try await ledger.ask(settle, about: Self.account("two"), under: plan)
                try server.command("DEL", "stint:{two}")
                #expect(isAdmitted(try await ask("d", "two")))
                // It did something yesterday.
                let day = clock.now.ms / 86_400_000
                try server.command("HSET", "stint:{five}:d:\(day - 1)", "x", "series")
                #expect(isAdmitted(try await ask("a", "five")))
                try server.command("HSET", "stint:{six}:d:\(day - 2)", "x", "series")
                #expect(isRefused(try await ask("a", "six")))

                hours.advance(byMs: 3_600_000)
                let together = try await ledger.receive(
                    (0..<8).map { Put(.ask("a", 10), about: Self.account("n\($0)"), under: plan) })
                #expect(together.allSatisfy { isAdmitted($0) }, "one call, which left while there was room")
                #expect(isRefused(try await ask("a", "four")))
            }
        }
    }

    @Test("New accounts that are denied count too, each once an hour; beyond the bound they are refused")
    func denied() async throws {
        let limit = try Limit(name: "l", meter: .executions, amount: 0, windowMs: 60_000)
        let plan = try Plan(name: "p", limits: [limit])
        let hours = ManualClock()
        let bound = try NewAccounts(maximumPerHour: 2) { hours.now }
        try await RedisServer.withServer { server in
            try await LedgerRig.withRedis(
                server.url, prefix: "stint:", clock: ManualClock(), newAccounts: bound
            ) { ledger in
                func isDenied(_ name: String) async throws -> Bool {
                    let put = Put(.ask("a", 10), about: Self.account(name), under: plan)
                    let received = try await ledger.receive([put])[0]
                    if case .denied? = received.answer?.verdict { return true }
                    guard case .failure(.noRoom) = received.result else {
                        Issue.record("\(received)")
                        return true
                    }
                    return false
                }
                for name in ["one", "one", "one", "two"] {
                    let isDenied = try await isDenied(name)
                    #expect(isDenied)
                }
                #expect(try await isDenied("three") == false)
                #expect(try server.command("DBSIZE") == "0")
                hours.advance(byMs: 3_600_000)
                for name in ["three", "one"] { #expect(try await isDenied(name)) }
                #expect(try await isDenied("two") == false)
            }
        }
    }

    @Test("Without a bound any number is taken")
    func unbounded() async throws {
        let plan = try LogTests.plan(windows: 1)
        try await RedisServer.withServer { server in
            try await LedgerRig.withRedis(server.url, clock: ManualClock()) { ledger in
                let received = try await ledger.receive(
                    (0..<200).map { Put(.ask("a", 10), about: Self.account("n\($0)"), under: plan) })
                #expect(received.allSatisfy { $0.answer != nil })
            }
        }
    }
}
