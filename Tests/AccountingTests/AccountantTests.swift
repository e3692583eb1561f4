// From a request to a question: ceilings, defaults and violations of the plan; and from the
// ledger's answer to a decision.

import Accounting
import RuleTable
import SeededChance
import Testing

@Suite("The accountant")
struct AccountantTests {
    private static let account = Account("acct")!

    private static func plan(
        kinds: [String: Ceiling]? = [
            "function": try! Ceiling(maxDurationMs: 10_000, memoryBytes: 128, payloadBytes: 600),
            "free": .none,
        ], whenUnavailable: UnavailablePolicy = .deny
    ) -> Plan {
        try! Plan(
            name: "p",
            limits: [Limit(name: "time", meter: .executionTime, amount: 20_000, windowMs: 60_000)],
            kinds: kinds, minimumGrantMs: 250, whenUnavailable: whenUnavailable)
    }

    private static func accountant(_ plan: Plan = plan(), seed: Int = 1) -> Accountant {
        Accountant(plans: try! PlanBook(plans: [plan], default: "p"), random: SeededGenerator(seed: seed))
    }

    private static func ask(_ considered: PreparedQuestion) -> Ask? {
        if case .admit(let ask) = considered.question { ask } else { nil }
    }

    @Test("What a request leaves out comes from its kind and its plan")
    func fillsIn() throws {
        var accountant = Self.accountant()
        let considered = try accountant.consider(Admission(account: Self.account))
        let ask = try #require(Self.ask(considered))
        #expect(ask.durationMs == 10_000 && ask.minimumMs == 250 && ask.isNew)
        #expect(considered.memoryBytes == 128 && considered.account == Self.account)
        let again = try accountant.consider(Admission(account: Self.account))
        #expect(try #require(Self.ask(again)).id != ask.id)
    }

    @Test("What a request says is asked")
    func asksAsSaid() throws {
        var accountant = Self.accountant()
        let id = ExecutionID("mine")!
        let considered = try accountant.consider(
            Admission(
                account: Self.account, id: id, function: "resize", kind: "free", maxDurationMs: 2_678_400_000,
                minDurationMs: 0, payloadBytes: .max))
        let ask = Ask(
            id: id, durationMs: 2_678_400_000, minimumMs: 0, function: "resize", kind: "free")
        #expect(Self.ask(considered) == ask)
        #expect(considered.memoryBytes == nil)
    }

    @Test("A plan without kinds takes any kind, without ceilings")
    func takesAnyKind() throws {
        var accountant = Self.accountant(Self.plan(kinds: nil))
        let considered = try accountant.consider(
            Admission(account: Self.account, kind: "anything", maxDurationMs: 77_000, payloadBytes: 1 << 40))
        #expect(try #require(Self.ask(considered)).durationMs == 77_000)
    }

    @Test(
        "A request that the plan rules out is refused",
        arguments: [
            (
                Admission(account: account, kind: "other"),
                PlanViolation.unknownKind("other", known: ["free", "function"])
            ),
            (Admission(account: account, kind: "free"), .durationMissing(kind: "free")),
            (
                Admission(account: account, maxDurationMs: 10_001),
                .durationAboveCeiling(askedMs: 10_001, ceilingMs: 10_000, kind: "function")
            ),
            (
                Admission(account: account, payloadBytes: 601),
                .payloadAboveCeiling(bytes: 601, ceilingBytes: 600, kind: "function")
            ),
            (
                Admission(account: account, maxDurationMs: 50, minDurationMs: 51),
                .minimumAboveDuration(minimumMs: 51, durationMs: 50)
            ),
            (
                Admission(account: account, minDurationMs: 10_001),
                .minimumAboveDuration(minimumMs: 10_001, durationMs: 10_000)
            ),
        ])
    func refuses(_ admission: Admission, _ refusal: PlanViolation) {
        var accountant = Self.accountant()
        #expect(throws: refusal) { try accountant.consider(admission) }
    }

    @Test("The ceilings themselves are allowed")
    func takesCeilings() throws {
        var accountant = Self.accountant()
        let considered = try accountant.consider(
            Admission(account: Self.account, maxDurationMs: 10_000, minDurationMs: 10_000, payloadBytes: 600))
        #expect(try #require(Self.ask(considered)).neededMs == 10_000)
    }

    @Test("Every answer of the ledger becomes the decision of its question")
    func decides() throws {
        var accountant = Self.accountant()
        let id = ExecutionID("mine")!
        let admit = try accountant.consider(Admission(account: Self.account, id: id))
        let settle = accountant.consider(settling: id, durationMs: 5, of: Self.account)
        let peek = accountant.consider(peekAt: Self.account)
        let usage = [Usage(executions: 3, executionTimeMs: 12_000, oldestLeavesInMs: 5)]
        let grant = Grant(admittedAt: Timestamp(ms: 1_000), durationMs: 700)
        func message(_ verdict: Verdict) -> Result<Answer, LedgerError> {
            .success(Answer(verdict: verdict, usage: usage))
        }

        guard case .admitted(let first, let standing) = admit.decision(on: message(.admitted(grant))) else {
            Issue.record("not admitted")
            return
        }
        #expect(first.id == id && first.grant == grant && first.memoryBytes == 128 && !first.isRepeat)
        #expect(standing.timeRemaining == 8_000 && grant.deadline == Timestamp(ms: 1_700))
        guard case .admitted(let second, _) = admit.decision(on: message(.held(grant))) else {
            Issue.record("not held")
            return
        }
        #expect(second.grant == grant && second.isRepeat)

        let denial = Denial(violated: 1, retryAfterMs: 9)
        guard case .denied(denial, let ask, _) = admit.decision(on: message(.denied(denial))) else {
            Issue.record("not denied")
            return
        }
        #expect(ask.id == id)
        let receipt = Receipt(chargedMs: 5, returnedMs: 695, overrunMs: 0, grant: grant, label: nil)
        guard case .settled(id, receipt, _) = settle.decision(on: message(.settled(receipt))),
            case .notHeld(id) = settle.decision(on: message(.notHeld)),
            case .peeked = peek.decision(on: message(.peeked))
        else {
            Issue.record("not settled, not held or not peeked")
            return
        }
        // A ledger that answers another question is a ledger that cannot say.
        for odd in [admit.decision(on: message(.peeked)), peek.decision(on: message(.admitted(grant)))] {
            guard case .unavailable(.outcomeUnknown, nil) = odd else {
                Issue.record("\(odd) is made of another question's answer")
                return
            }
        }
    }

    @Test(
        "When the ledger cannot say, the plan decides about admissions",
        arguments: [UnavailablePolicy.deny, .admit, .admitShare(percent: 10)]
    )
    func decidesWithoutLedger(_ policy: UnavailablePolicy) throws {
        var accountant = Self.accountant(Self.plan(whenUnavailable: policy))
        let id = ExecutionID("mine")!
        let new = try accountant.consider(Admission(account: Self.account, id: id))
        guard case .unavailable(.noRoom, id) = new.decision(on: .failure(.noRoom("full", retryAfterMs: 1)))
        else {
            Issue.record("\(policy): an account that there is no room for is never admitted")
            return
        }
        for error in [LedgerError.notApplied("down"), .outcomeUnknown("lost")] {
            let admit = try accountant.consider(Admission(account: Self.account, id: id))
            switch (admit.decision(on: .failure(error)), policy) {
            case (.unavailable(error, id), .deny), (.unavailable(error, id), .admitShare): break
            case (.degraded(let ask, memoryBytes: 128, error), .admit):
                #expect(ask.id == id && ask.durationMs == 10_000)
            case let (other, _): Issue.record("\(policy): \(other)")
            }
            let others = [
                accountant.consider(settling: id, durationMs: 5, of: Self.account),
                accountant.consider(peekAt: Self.account),
            ]
            for considered in others {
                guard case .unavailable(error, nil) = considered.decision(on: .failure(error)) else {
                    Issue.record("\(policy): a settlement or a look is never answered without the ledger")
                    return
                }
            }
        }
    }
}
