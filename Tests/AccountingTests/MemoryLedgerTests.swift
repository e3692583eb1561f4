// The ledger in memory: it forgets what no longer counts, and never exceeds its bound.

import Accounting
import RuleTable
import Testing

@Suite("The ledger in memory")
struct MemoryLedgerTests {
    private let plan: Plan

    init() throws { plan = try .serverless() }

    private func account(_ number: Int) -> Account { Account("account-\(number)")! }

    private func ask(_ id: String) -> Question {
        .admit(Ask(id: ExecutionID(id)!, durationMs: 1_000, minimumMs: 100))
    }

    @Test("Accounts do not share anything")
    func keepsAccountsApart() throws {
        let ledger = MemoryLedger { Scenario.beginning }
        _ = try ledger.answer(ask("a"), about: account(1), under: plan).get()
        let other = try ledger.answer(ask("a"), about: account(2), under: plan).get()
        #expect(other.left(under: plan) == [599_000, 5_999])
    }

    @Test("Looking at an account, or settling for it, does not make it known")
    func keepsNothingOfPeeks() throws {
        let ledger = MemoryLedger { Scenario.beginning }
        #expect(try ledger.answer(.peek, about: account(1), under: plan).get().verdict == .peeked)
        let settle = Question.settle(ExecutionID("a")!, durationMs: 1)
        #expect(try ledger.answer(settle, about: account(1), under: plan).get().verdict == .notHeld)
        #expect(ledger.accountLedger(of: account(1)) == nil)
    }

    @Test("Accounts of which nothing counts any more are forgotten bit by bit, the others are not")
    func forgetsBlankAccounts() throws {
        let clock = ManualClock(Scenario.beginning)
        let ledger = MemoryLedger(clock: { clock.now })
        for number in 0..<1_024 {
            if number == 1_000 { clock.advance(byMs: 60_000) }
            _ = try ledger.answer(ask("a"), about: account(number), under: plan).get()
        }
        // The hold of the first thousand expires a cell after its charge has left.
        clock.advance(byMs: 1_000)
        for number in 1_024..<2_048 {
            let before = ledger.accountCount
            _ = try ledger.answer(ask("a"), about: account(number), under: plan).get()
            #expect(ledger.accountCount >= before - 1)
        }
        #expect((0..<1_000).allSatisfy { ledger.accountLedger(of: account($0)) == nil })
        #expect((1_000..<2_048).allSatisfy { ledger.accountLedger(of: account($0)) != nil })
    }

    @Test("No ask waits until more than a few accounts were looked at, however many are kept and blank")
    func sweepsInSlices() throws {
        let clock = ManualClock(Scenario.beginning)
        let ledger = MemoryLedger(maximumAccounts: 20_000, clock: { clock.now })
        for number in 0..<20_000 {
            _ = try ledger.answer(ask("a"), about: account(number), under: plan).get()
        }
        clock.advance(byMs: 61_000)
        var count = ledger.accountCount
        for number in 20_000..<22_000 {
            _ = try ledger.answer(ask("a"), about: account(number), under: plan).get()
            #expect(ledger.accountCount >= count - 15 && ledger.accountCount <= count)
            count = ledger.accountCount
        }
        #expect(count < 19_000)
    }

    @Test(
        "A full ledger refuses further accounts, serves those it has, and takes new ones when there is room")
    func isBounded() throws {
        let clock = ManualClock(Scenario.beginning)
        let ledger = MemoryLedger(maximumAccounts: 3, clock: { clock.now })
        for number in 0..<3 { _ = try ledger.answer(ask("a"), about: account(number), under: plan).get() }
        clock.advance(byMs: 1_000)
        let refused = ledger.answer(ask("a"), about: account(3), under: plan)
        #expect(
            refused
                == .failure(
                    .noRoom("the memory ledger keeps 3 accounts and has no room", retryAfterMs: 1_000)))
        let served = try ledger.answer(ask("b"), about: account(1), under: plan).get()
        #expect(served.left(under: plan) == [598_000, 5_998])
        clock.advance(byMs: 60_000)
        #expect(try ledger.answer(ask("a"), about: account(3), under: plan).get().verdict != .notHeld)
        #expect(ledger.accountLedger(of: account(0)) == nil && ledger.accountLedger(of: account(1)) != nil)
    }

    @Test("Expired holds of vanished runners are swept")
    func sweepsHolds() throws {
        let clock = ManualClock(Scenario.beginning)
        let ledger = MemoryLedger(clock: { clock.now })
        for number in 0..<10_000 {
            clock.advance(byMs: 100)
            _ = try ledger.answer(ask("e\(number)"), about: account(1), under: plan).get()
        }
        // 61 s of holds that count, and at most 30 s of expired ones, at one each 100 ms.
        let holds = try #require(ledger.accountLedger(of: account(1))).holds.count
        #expect((550...920).contains(holds))
    }
}
