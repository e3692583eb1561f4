// What callers of a ledger rely on besides the rule: which sink it answers, in which order, and
// that accounts do not affect each other.

import Accounting
import LedgerRig
import RuleTable
import Testing

@Suite("Every ledger behaves")
struct LedgerBehaviourTests {
    private static func plan(_ executions: Int, windowMs: Int = 60_000) throws -> Plan {
        try Plan(
            name: "plan-\(executions)",
            limits: [
                Limit(name: "executions", meter: .executions, amount: executions, windowMs: windowMs),
                Limit(name: "time", meter: .executionTime, amount: 1_000_000, windowMs: windowMs),
            ])
    }

    private static func ask(_ id: String, _ durationMs: Int = 10) -> Question {
        .admit(Ask(id: ExecutionID(id)!, durationMs: durationMs, minimumMs: 1))
    }

    private static func account(_ number: Int) -> Account { Account("a:\(number)@here.there_-")! }

    @Test(
        "Every question hears once, each account's in the order they were put", arguments: LedgerKind.allCases
    )
    func answersInOrder(_ kind: LedgerKind) async throws {
        let plan = try Self.plan(1_000)
        try await kind.withLedger(clock: ManualClock()) { ledger in
            let puts = (0..<300).map { number in
                Put(Self.ask("e\(number)"), about: Self.account(number % 3), under: plan)
            }
            let received = try await ledger.receive(puts)
            #expect(received.count == 300)
            for account in 0..<3 {
                let mine = stride(from: account, to: 300, by: 3).map { received[$0] }
                #expect(zip(mine, mine.dropFirst()).allSatisfy { $0.order < $1.order })
                #expect(mine.map { $0.answer?.usage[0].executions } == (1...100).map { $0 })
            }
        }
    }

    @Test(
        "The asks of one tick are decided one after the other, to the last one that fits",
        arguments: LedgerKind.allCases)
    func decidesOneByOne(_ kind: LedgerKind) async throws {
        let plan = try Self.plan(150)
        try await kind.withLedger(clock: ManualClock()) { ledger in
            let puts = (0..<200).map { Put(Self.ask("e\($0)"), about: Self.account(1), under: plan) }
            let verdicts = try await ledger.receive(puts).map { try $0.result.get().verdict }
            let grant = Grant(admittedAt: Scenario.beginning, durationMs: 10)
            #expect(verdicts.prefix(150).allSatisfy { $0 == .admitted(grant) })
            let denial = Denial(violated: 1, retryAfterMs: 60_000)
            #expect(verdicts.dropFirst(150).allSatisfy { $0 == .denied(denial) })
        }
    }

    @Test(
        "In one tick an id is admitted, found held, settled, not found, and admitted again",
        arguments: LedgerKind.allCases)
    func remembersWithinTick(_ kind: LedgerKind) async throws {
        let plan = try Self.plan(10)
        try await kind.withLedger(clock: ManualClock()) { ledger in
            let id = ExecutionID("e")!
            let questions: [Question] = [
                .settle(id, durationMs: 1), Self.ask("e", 50), Self.ask("e", 60), .peek,
                .settle(id, durationMs: 20), .settle(id, durationMs: 20), Self.ask("e", 70),
                .admit(Ask(id: ExecutionID("new")!, isNew: true, durationMs: 5, minimumMs: 1)),
                .settle(ExecutionID("new")!, durationMs: 6),
            ]
            let answers = try await ledger.receive(
                questions.map { Put($0, about: Self.account(1), under: plan) }
            ).map { try $0.result.get() }
            func grant(_ ms: Int) -> Grant { Grant(admittedAt: Scenario.beginning, durationMs: ms) }
            #expect(
                answers.map(\.verdict.bare) == [
                    .notHeld, .admitted(grant(50)), .held(grant(50)), .peeked,
                    .settled(Receipt(chargedMs: 20, returnedMs: 30, overrunMs: 0)), .notHeld,
                    .admitted(grant(70)), .admitted(grant(5)),
                    .settled(Receipt(chargedMs: 6, returnedMs: 0, overrunMs: 1)),
                ])
            #expect(answers.map(\.usage[0].executionTimeMs) == [0, 50, 50, 50, 20, 20, 90, 95, 96])
            #expect(answers.map(\.usage[0].executions) == [0, 1, 1, 1, 1, 1, 2, 3, 3])
            // What the tick left behind is what its last answer said.
            let later = try await ledger.ask(Self.ask("e"), about: Self.account(1), under: plan)
            #expect(later.verdict == .held(grant(70)) && later.usage == answers.last?.usage)
        }
    }

    @Test("Accounts whose names resemble each other share nothing", arguments: LedgerKind.allCases)
    func keepsAccountsApart(_ kind: LedgerKind) async throws {
        let plan = try Self.plan(1)
        let names = [
            "a", "A", "a:x", "a:w:60000:60", "aa", "a.", "a-", "a_", ":", "@", "x", "a:w", "1", "01",
        ]
        try await kind.withLedger(clock: ManualClock()) { ledger in
            let puts = names.map { Put(Self.ask("e"), about: Account($0)!, under: plan) }
            for received in try await ledger.receive(puts) {
                guard case .admitted? = received.answer?.verdict else {
                    Issue.record("\(received.result)")
                    continue
                }
            }
            for name in names {
                let answer = try await ledger.ask(.peek, about: Account(name)!, under: plan)
                #expect(answer.usage == [Usage(executions: 1, executionTimeMs: 10, oldestLeavesInMs: 60_000)])
            }
        }
    }

    @Test(
        "Another plan's amounts apply at once to what was charged under the one before",
        arguments: LedgerKind.allCases)
    func appliesNewAmounts(_ kind: LedgerKind) async throws {
        let (small, large) = (try Self.plan(2), try Self.plan(5))
        try await kind.withLedger(clock: ManualClock()) { ledger in
            let account = Self.account(1)
            // Both plans in one tick: the questions still are decided in the order they were put.
            let plans = [small, large, large, small, large, large, large]
            let puts = plans.enumerated().map { Put(Self.ask("e\($0)"), about: account, under: $1) }
            let received = try await ledger.receive(puts)
            let denied = received.map {
                if case .denied? = $0.answer?.verdict { true } else { false }
            }
            #expect(denied == [false, false, false, true, false, false, true])
            let answer = try await ledger.ask(Self.ask("x"), about: account, under: small)
            #expect(answer.verdict == .denied(Denial(violated: 1, retryAfterMs: 60_000)))
        }
    }

    @Test(
        "A settlement under a plan with other windows corrects those that both have",
        arguments: LedgerKind.allCases)
    func settlesUnderAnotherPlan(_ kind: LedgerKind) async throws {
        func limit(_ windowMs: Int) throws -> Limit {
            try Limit(name: "time-\(windowMs)", meter: .executionTime, amount: 1_000, windowMs: windowMs)
        }
        let before = try Plan(name: "before", limits: [limit(60_000), limit(10_000)])
        let after = try Plan(name: "after", limits: [limit(3_600_000), limit(60_000)])
        let clock = ManualClock()
        try await kind.withLedger(clock: clock) { ledger in
            let account = Self.account(1)
            _ = try await ledger.ask(Self.ask("a", 600), about: account, under: before)
            clock.advance(byMs: 1)
            _ = try await ledger.ask(Self.ask("b", 300), about: account, under: after)
            let settled = try await ledger.ask(
                .settle(ExecutionID("a")!, durationMs: 100), about: account, under: after)
            #expect(settled.verdict.bare == .settled(Receipt(chargedMs: 100, returnedMs: 500, overrunMs: 0)))
            #expect(settled.usage.map(\.executionTimeMs) == [300, 400])
            let peek = try await ledger.ask(.peek, about: account, under: before)
            #expect(peek.usage.map(\.executionTimeMs) == [400, 600])
        }
    }

    @Test(
        "Accounts asked about together are charged and corrected each under a plan of its own",
        arguments: LedgerKind.allCases)
    func keepsPlansApart(_ kind: LedgerKind) async throws {
        let (minute, hour) = (try Self.plan(100), try Self.plan(100, windowMs: 3_600_000))
        func settle(_ id: String) -> Question { .settle(ExecutionID(id)!, durationMs: 100) }
        try await kind.withLedger(clock: ManualClock()) { ledger in
            let (first, second) = (Self.account(1), Self.account(2))
            func receive(_ ofFirst: Question, _ ofSecond: Question) async throws -> [Answer] {
                let puts = [
                    Put(ofFirst, about: first, under: minute), Put(ofSecond, about: second, under: hour),
                ]
                return try await ledger.receive(puts).map { try $0.result.get() }
            }
            for number in 0..<3 {
                _ = try await receive(Self.ask("m\(number)", 600), Self.ask("h\(number)", 600))
            }
            for answer in try await receive(settle("m2"), settle("h2")) {
                #expect(
                    answer.verdict.bare == .settled(Receipt(chargedMs: 100, returnedMs: 500, overrunMs: 0)))
                #expect(answer.usage.map(\.executionTimeMs) == [1_300])
            }
            for id in ["x0", "x1"] { _ = try await ledger.ask(Self.ask(id, 600), about: first, under: hour) }
            // What was charged to another window is settled, and corrects nothing here.
            let other = try await ledger.ask(settle("m1"), about: first, under: hour)
            #expect(other.verdict.bare == .settled(Receipt(chargedMs: 600, returnedMs: 0, overrunMs: 0)))
            #expect(other.usage.map(\.executionTimeMs) == [1_200])
        }
    }

    @Test("Looking changes nothing, whatever time it is", arguments: LedgerKind.allCases)
    func onlyLooks(_ kind: LedgerKind) async throws {
        let plan = try Self.plan(3, windowMs: 1_000)
        let clock = ManualClock()
        try await kind.withLedger(clock: clock) { ledger in
            let account = Self.account(1)
            _ = try await ledger.ask(Self.ask("a"), about: account, under: plan)
            for (ms, executions) in [(0, 1), (999, 1), (1_000, 0), (90_000, 0), (500, 1), (0, 1)] {
                clock.now = Scenario.beginning + ms
                let peeks = try await ledger.receive(
                    Array(repeating: Put(.peek, about: account, under: plan), count: 3))
                #expect(
                    peeks.map { $0.answer?.usage[0].executions } == Array(repeating: executions, count: 3))
            }
        }
    }
}
