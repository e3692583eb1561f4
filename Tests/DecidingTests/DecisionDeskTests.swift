// From a request to a decision: one question to the ledger at most, one decision, counted once.

import Accounting
import MetricsTestKit
import Testing

@testable import Deciding

@Suite("The decision desk")
struct DecisionDeskTests {
    private static let acme = Account("acme")!
    private static let id = ExecutionID("e")!
    private static let grant = Grant(admittedAt: Timestamp(ms: 1_000), durationMs: 100)
    private static let receipt = Receipt(
        chargedMs: 40, returnedMs: 60, overrunMs: 0, grant: grant,
        label: Label(kind: "function", function: "resize"))

    private static let admission = Admission(
        account: acme, id: id, function: "resize", maxDurationMs: 100, minDurationMs: 1)
    private static let admit = RunnerRequest.admit(admission)
    private static let settle = RunnerRequest.settle(
        id, of: acme, durationMs: 40, ending: Ending(outcome: .ok, memoryBytes: 7))

    private static func plans(
        executions: Int = 10, whenUnavailable: UnavailablePolicy = .deny
    ) throws -> PlanBook {
        let plan = try Plan(
            name: "p",
            limits: [
                Limit(name: "count", meter: .executions, amount: executions, windowMs: 60_000),
                Limit(name: "time", meter: .executionTime, amount: 1_000, windowMs: 60_000),
            ],
            kinds: ["function": Ceiling(maxDurationMs: 100, memoryBytes: 128, payloadBytes: nil)],
            whenUnavailable: whenUnavailable)
        return try PlanBook(plans: [plan], default: "p")
    }

    /// One event loop's desk with everything around it.
    private struct Rig {
        let ledger: ScriptedLedger
        let metrics = TestMetrics()
        let openQuestions = OpenQuestions()
        let desk: DecisionDesk

        init(
            _ ledger: ScriptedLedger = ScriptedLedger(), plans: PlanBook? = nil, countsActivity: Bool = false
        ) throws {
            self.ledger = ledger
            desk = DecisionDesk(
                accountant: Accountant(
                    plans: try plans ?? DecisionDeskTests.plans(), random: SystemRandomNumberGenerator()),
                ledger: ledger, metrics: metrics, openQuestions: openQuestions,
                countsActivity: countsActivity)
        }

        /// What was counted: the verdict and, of a denial, its limit.
        var counted: [String: Int64] {
            let counters = metrics.counters(label: "stint_decisions_total").filter { $0.totalValue > 0 }
            return Dictionary(
                uniqueKeysWithValues: counters.map { counter in
                    (counter.dimensions.map(\.1).joined(separator: " "), counter.totalValue)
                })
        }
    }

    @Test("puts each request to the ledger as one question about its account")
    func questions() throws {
        let rig = try Rig()
        for request in [Self.admit, Self.settle, .peek(Self.acme)] {
            rig.desk.decide(request, to: RecordingSink())
        }
        let ask = Ask(id: Self.id, durationMs: 100, minimumMs: 1, function: "resize")
        #expect(
            rig.ledger.asked.map(\.question) == [
                .admit(ask),
                .settle(Self.id, durationMs: 40, ending: Ending(outcome: .ok, memoryBytes: 7)), .peek,
            ])
        #expect(rig.ledger.asked.allSatisfy { $0.account == Self.acme && $0.plan.name == "p" })
    }

    struct Row: Sendable, CustomTestStringConvertible {
        let request: RunnerRequest
        let answer: Result<Verdict, LedgerError>
        let verdict: String
        /// The labels of the counter, and how often it counts.
        let counted: [String: Int64]
        var whenUnavailable = UnavailablePolicy.deny

        var testDescription: String { verdict }
    }

    @Test(
        "decides as the ledger answers, and counts the decision once",
        arguments: [
            Row(
                request: admit, answer: .success(.admitted(grant)), verdict: "admitted",
                counted: ["admitted": 1]),
            Row(request: admit, answer: .success(.held(grant)), verdict: "held", counted: ["held": 1]),
            Row(
                request: admit, answer: .success(.denied(Denial(violated: 0b11, retryAfterMs: 1))),
                verdict: "denied by count, time", counted: ["denied count": 1, "denied time": 1]),
            Row(
                request: settle, answer: .success(.settled(receipt)), verdict: "settled",
                counted: ["settled": 1]),
            Row(request: settle, answer: .success(.notHeld), verdict: "not held", counted: ["not_held": 1]),
            Row(
                request: .peek(acme), answer: .success(.peeked), verdict: "peeked", counted: ["peeked": 1]),
            Row(
                request: .peek(acme), answer: .success(.notHeld), verdict: "unavailable",
                counted: ["unavailable": 1]),
            Row(
                request: admit, answer: .failure(.notApplied("down")), verdict: "unavailable",
                counted: ["unavailable": 1]),
            Row(
                request: admit, answer: .failure(.outcomeUnknown("late")), verdict: "degraded",
                counted: ["degraded": 1], whenUnavailable: .admit),
            Row(
                request: admit, answer: .failure(.noRoom("full", retryAfterMs: 1)), verdict: "no room",
                counted: ["no_room": 1], whenUnavailable: .admit),
        ])
    func decisions(_ row: Row) throws {
        let plans = try Self.plans(whenUnavailable: row.whenUnavailable)
        // At once, and later.
        for ledger in [ScriptedLedger { _ in row.answer }, ScriptedLedger()] {
            let rig = try Rig(ledger, plans: plans)
            let sink = RecordingSink()
            rig.desk.decide(row.request, to: sink)
            if ledger.script == nil {
                #expect(sink.decisions.isEmpty && rig.counted.isEmpty)
                ledger.answer(row.answer)
            }
            #expect(sink.verdicts == [row.verdict] && sink.accounts == [Self.acme])
            #expect(rig.counted == row.counted)
        }
    }

    @Test("decides what the plan rules out without the ledger")
    func ruledOut() throws {
        let rig = try Rig()
        let sink = RecordingSink()
        for kind in ["function", "train"] {
            let admission = Admission(account: Self.acme, kind: kind, maxDurationMs: 101)
            rig.desk.decide(.admit(admission), to: sink)
        }
        #expect(sink.verdicts == ["refused", "refused"] && sink.accounts == [Self.acme, Self.acme])
        #expect(rig.counted == ["refused": 2])
        #expect(rig.ledger.asked.isEmpty && rig.openQuestions.count == 0)
    }

    @Test("serves one request after the other with the same sink")
    func sameSink() throws {
        let rig = try Rig()
        let sink = RecordingSink()
        rig.desk.decide(Self.admit, to: sink)
        rig.ledger.answer(.success(.admitted(Self.grant)))
        rig.desk.decide(.peek(Account("other")!), to: sink)
        rig.ledger.answer(.success(.peeked))
        #expect(sink.verdicts == ["admitted", "peeked"])
        #expect(sink.accounts == [Self.acme, Account("other")!])
    }

    @Test("counts a decision although whoever asked has let go of its sink")
    func abandoned() throws {
        let rig = try Rig()
        rig.desk.decide(Self.admit, to: RecordingSink())
        rig.ledger.answer(.failure(.outcomeUnknown("late")))
        #expect(rig.counted == ["unavailable": 1] && rig.openQuestions.count == 0)
    }

    @Test("shares the count of open questions with the other desks")
    func openQuestions() throws {
        let one = try Rig()
        let other = DecisionDesk(
            accountant: Accountant(plans: try Self.plans(), random: SystemRandomNumberGenerator()),
            ledger: one.ledger, metrics: one.metrics, openQuestions: one.openQuestions)
        one.desk.decide(Self.admit, to: RecordingSink())
        other.decide(Self.settle, to: RecordingSink())
        #expect(one.openQuestions.count == 2)
        one.ledger.answer(.success(.admitted(Self.grant)))
        #expect(one.openQuestions.count == 1)
        one.ledger.answer(.failure(.notApplied("down")))
        #expect(one.openQuestions.count == 0)
    }

    @Test("decides under the plans that replaced others, and has their counters before they count")
    func replacedPlans() throws {
        let rig = try Rig()
        let labels = {
            rig.metrics.counters(label: "stint_decisions_total").compactMap { $0.dimensions.last?.1 }
        }
        #expect(Set(labels()).isSuperset(of: ["count", "time"]))
        rig.desk.decide(Self.admit, to: RecordingSink())
        let limit = try Limit(name: "daily", meter: .executions, amount: 1, windowMs: 86_400_000)
        let plan = try Plan(name: "new", limits: [limit])
        rig.desk.replace(plans: try PlanBook(plans: [plan], default: "new"))
        #expect(labels().contains("daily"))
        rig.desk.decide(Self.admit, to: RecordingSink())
        #expect(rig.ledger.asked.map(\.plan.name) == ["p", "new"])
        #expect(rig.desk.plans.plans.keys.sorted() == ["new"])
    }

    @Test("keeps what accounts did until it is drained, if it is to be kept")
    func activity() throws {
        for countsActivity in [true, false] {
            let ledger = ScriptedLedger { question in
                switch question {
                case .admit: .success(.admitted(Self.grant))
                case .settle: .success(.settled(Self.receipt))
                case .peek: .failure(.notApplied("down"))
                }
            }
            let rig = try Rig(ledger, countsActivity: countsActivity)
            #expect(rig.desk.drainActivity(minute: 7) { $0.drain(10) }.activities.isEmpty)
            for request in [Self.admit, Self.settle, .peek(Self.acme)] {
                rig.desk.decide(request, to: RecordingSink())
            }
            let drained = rig.desk.drainActivity(minute: 8) { $0.drain(10) }
            #expect(drained.uncounted == 0)
            #expect(drained.activities.map(\.minute) == (countsActivity ? [7] : []))
            #expect(drained.activities.map(\.account) == (countsActivity ? [Self.acme] : []))
            #expect(drained.activities.map(\.activity.total.executions) == (countsActivity ? [1] : []))
            #expect(rig.desk.drainActivity(minute: 8) { $0.drain(10) }.activities.isEmpty)
        }
    }
}
