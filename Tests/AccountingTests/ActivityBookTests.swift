// Which decisions the activity book counts, and that it is bounded.

import Accounting
import RuleTable
import Testing

@Suite("What accounts do")
struct ActivityBookTests {
    private static let plan = try! Plan(
        name: "p",
        limits: [
            Limit(name: "count", meter: .executions, amount: 10, windowMs: 60_000),
            Limit(name: "time", meter: .executionTime, amount: 1_000, windowMs: 60_000),
        ])

    private static let acme = Account("acme")!

    /// Writes what a ledger answered into a book.
    private struct Pen {
        var book = ActivityBook()

        mutating func count(
            _ question: Question, _ verdict: Verdict, used: (executions: Int, ms: Int) = (1, 100),
            of account: Account? = ActivityBookTests.acme,
            under plan: Plan = ActivityBookTests.plan
        ) {
            let considered = ActivityBookTests.considered(question, of: account!, under: plan)
            let usage = Usage(executions: used.executions, executionTimeMs: used.ms, oldestLeavesInMs: 1)
            let answer = Answer(verdict: verdict, usage: [usage])
            book.count(considered.decision(on: .success(answer)), on: considered)
        }
    }

    private static func considered(
        _ question: Question, of account: Account = acme, under plan: Plan = plan
    ) -> PreparedQuestion {
        var accountant = Accountant(
            plans: try! PlanBook(plans: [plan], default: plan.name), random: SystemRandomNumberGenerator())
        return switch question {
        case .admit(let ask):
            try! accountant.consider(
                Admission(account: account, id: ask.id, function: ask.function, maxDurationMs: 100))
        case .settle(let id, let durationMs, let ending):
            accountant.consider(settling: id, durationMs: durationMs, ending: ending, of: account)
        case .peek: accountant.consider(peekAt: account)
        }
    }

    private static func ask(_ function: String?) -> Question {
        .admit(Ask(id: ExecutionID("e")!, durationMs: 100, minimumMs: 1, function: function))
    }

    private static func receipt(_ function: String?) -> Verdict {
        .settled(
            Receipt(
                chargedMs: 40, returnedMs: 60, overrunMs: 0, grant: grant,
                label: Label(kind: "function", function: function)))
    }

    private static let grant = Grant(admittedAt: Timestamp(ms: 5), durationMs: 100)

    @Test("Admissions, settlements and denials count for the account and its function; repetitions do not")
    func counts() throws {
        var pen = Pen()
        let settle = Question.settle(
            ExecutionID("e")!, durationMs: 40, ending: Ending(outcome: .timeout, memoryBytes: nil))
        pen.count(Self.ask("resize"), .admitted(Self.grant))
        pen.count(Self.ask("resize"), .held(Self.grant))
        pen.count(Self.ask(nil), .admitted(Self.grant), used: (executions: 9, ms: 100))
        pen.count(settle, Self.receipt("resize"))
        pen.count(.settle(ExecutionID("e")!, durationMs: 7), Self.receipt(nil))
        pen.count(
            Self.ask("send"), .denied(Denial(violated: 0b11, retryAfterMs: 1)), used: (executions: 10, ms: 0))
        pen.count(Self.ask("send"), .denied(Denial(violated: 0b10, retryAfterMs: nil)))

        let activity = try #require(pen.book.drainAll()[Self.acme])
        #expect(
            activity.total.executions == 2 && activity.total.executionTimeMs == 47
                && activity.total.errors == 1)
        #expect(activity.total.denials == ["count": 1, "time": 2])
        #expect(activity.functions.keys.sorted() == ["resize", "send"])
        let resize = try #require(activity.functions["resize"])
        #expect(
            resize.executions == 1 && resize.executionTimeMs == 40 && resize.errors == 1
                && resize.denials.isEmpty)
        #expect(activity.functions["send"]?.denials == ["count": 1, "time": 2])
        #expect(activity.peakPercent == ["count": 100, "time": 10])
    }

    @Test("What the ledger did not decide, and peeks, are not counted")
    func ignores() {
        var pen = Pen()
        pen.count(.peek, .peeked)
        pen.count(.settle(ExecutionID("e")!, durationMs: 40), .notHeld)
        let considered = Self.considered(Self.ask("f"))
        pen.book.count(considered.decision(on: .failure(.notApplied("away"))), on: considered)
        #expect(pen.book.drainAll().isEmpty && pen.book.drainUncounted() == 0)
    }

    @Test("Under another plan peaks are its own; taking leaves an empty book, and what was taken adds up")
    func takes() throws {
        var pen = Pen()
        let other = try Plan(
            name: "q", limits: [Limit(name: "other", meter: .executions, amount: 0, windowMs: 60_000)])
        pen.count(Self.ask("f"), .admitted(Self.grant))
        var sum = try #require(pen.book.drainAll()[Self.acme])
        #expect(pen.book.drainAll().isEmpty)
        pen.count(Self.ask("f"), .denied(Denial(violated: 1, retryAfterMs: nil)), under: other)
        pen.count(Self.ask("g"), .denied(Denial(violated: 1, retryAfterMs: nil)), under: other)
        sum.add(try #require(pen.book.drainAll()[Self.acme]))
        #expect(sum.peakPercent == ["count": 10, "time": 10, "other": 100])
        #expect(sum.total.executions == 1 && sum.total.denials == ["other": 2])
        #expect(sum.functions["f"]?.denials == ["other": 1] && sum.functions["g"]?.executions == 0)
    }

    @Test("Functions beyond a hundred of an account are counted together")
    func manyFunctions() throws {
        var pen = Pen()
        for number in 0..<150 { pen.count(Self.ask("f\(number)"), .admitted(Self.grant)) }
        pen.count(Self.ask("f0"), .admitted(Self.grant))
        let activity = try #require(pen.book.drainAll()[Self.acme])
        #expect(activity.functions.count == 101 && activity.functions["f0"]?.executions == 2)
        #expect(activity.functions[AccountActivity.otherFunctions]?.executions == 50)
        #expect(activity.total.executions == 151)
    }

    @Test("Beyond the most accounts and functions there may be, decisions are counted as missing")
    func manyAccounts() throws {
        var pen = Pen()
        let room = ActivityBook.maximumEntries / 2
        for number in 0..<room + 10 {
            pen.count(Self.ask("f"), .admitted(Self.grant), of: Account("a\(number)"))
        }
        #expect(pen.book.drainUncounted() == 10)
        pen.count(Self.ask("f"), .admitted(Self.grant), of: Account("a0"))
        // No room for another function either: it is one of the others.
        pen.count(Self.ask("g"), .admitted(Self.grant), of: Account("a0"))
        #expect(pen.book.drainUncounted() == 0)
        let all = pen.book.drainAll()
        let one = try #require(Account("a0"))
        let first = try #require(all[one])
        #expect(all.count == room && first.total.executions == 3)
        #expect(first.functions.keys.sorted() == [AccountActivity.otherFunctions, "f"])
    }

    @Test(
        "Each minute is counted for itself; those that wait for longest are taken first, or those that are named"
    )
    func minutes() throws {
        var pen = Pen()
        let (b, c) = (try #require(Account("b")), try #require(Account("c")))
        for account in [Self.acme, b, c] { pen.count(Self.ask("f"), .admitted(Self.grant), of: account) }
        pen.book.begin(minute: 7)
        pen.count(Self.ask("f"), .admitted(Self.grant), of: b)
        pen.book.begin(minute: 8)
        pen.count(Self.ask("f"), .admitted(Self.grant), of: b)

        let first = pen.book.drain(2)
        #expect(first.map(\.account) == [b, Self.acme] && first.map(\.minute) == [7, 7])
        #expect(first.map(\.activity.total.executions) == [2, 1])
        let named = pen.book.drain([c, Self.acme])
        #expect(named.map(\.account) == [c] && named.map(\.minute) == [7])
        pen.count(Self.ask("f"), .admitted(Self.grant), of: c)
        let rest = pen.book.drain(10)
        #expect(rest.map(\.account) == [b, c] && rest.map(\.minute) == [8, 8])
        #expect(rest.map(\.activity.total.executions) == [1, 1])
        #expect(pen.book.drain(10).isEmpty)
    }

    @Test("However often accounts come and are taken, each is counted once")
    func comesAgain() {
        var pen = Pen()
        pen.book.begin(minute: 1)
        var counted = 0
        for round in 0..<300 {
            for number in 0..<40 {
                pen.count(Self.ask("f"), .admitted(Self.grant), of: Account("a\(number)"))
            }
            let some =
                round % 2 == 0 ? pen.book.drain(15) : pen.book.drain((0..<20).map { Account("a\($0)")! })
            counted += some.map(\.activity.total.executions).reduce(0, +)
        }
        counted += pen.book.drain(.max).map(\.activity.total.executions).reduce(0, +)
        #expect(counted == 300 * 40)
    }
}

extension ActivityBook {
    /// All that was counted, by account.
    fileprivate mutating func drainAll() -> [Account: AccountActivity] {
        Dictionary(drain(.max).map { ($0.account, $0.activity) }) { first, second in
            var sum = first
            sum.add(second)
            return sum
        }
    }
}
