// Exactly those plans that never admit the usual ask get a warning.

import Accounting
import SeededChance
import Testing

@Suite("Warnings of plans")
struct PlanWarningTests {
    static func plan(
        _ limits: [(meter: Meter, amount: Int)], kinds: [String: Int?]? = nil, minimumGrantMs: Int = 100
    ) throws -> Plan {
        try Plan(
            name: "p",
            limits: limits.enumerated().map {
                try Limit(name: "limit-\($0)", meter: $1.meter, amount: $1.amount, windowMs: 60_000)
            },
            kinds: try kinds?.mapValues { try Ceiling(maxDurationMs: $0) }, minimumGrantMs: minimumGrantMs)
    }

    /// What the rule makes of an ask on an empty window: ms granted, or nil.
    static func granted(_ plan: Plan, kind: String, durationMs: Int? = nil) throws -> Int? {
        var accountant = Accountant(
            plans: try PlanBook(plans: [plan], default: plan.name), random: SeededGenerator(seed: 1))
        let considered: PreparedQuestion
        do throws(PlanViolation) {
            considered = try accountant.consider(
                Admission(account: Account("acme")!, kind: kind, maxDurationMs: durationMs))
        } catch {
            return nil
        }
        var ledger = AccountLedger()
        let answer = ledger.answer(considered.question, under: plan, at: Timestamp(ms: 1_770_000_000_000))
        if case .admitted(let grant) = answer.verdict { return grant.durationMs }
        return nil
    }

    /// Whether every usual ask is admitted, and whole where its kind has a ceiling.
    static func admitsTheUsual(_ plan: Plan) throws -> Bool {
        guard let kinds = plan.kinds else { return try admitsAny(plan, kind: "anything", upTo: nil) }
        return try !kinds.isEmpty
            && kinds.allSatisfy { try admitsAny(plan, kind: $0.key, upTo: $0.value.maxDurationMs) }
    }

    private static func admitsAny(_ plan: Plan, kind: String, upTo ceilingMs: Int?) throws -> Bool {
        if let ceilingMs, try granted(plan, kind: kind) != ceilingMs { return false }
        let amounts = plan.limits.filter { $0.meter == .executionTime }.map(\.amount)
        let edges =
            amounts.flatMap { [$0 - 1, $0, $0 + 1] } + [
                1, plan.minimumGrantMs - 1, plan.minimumGrantMs, plan.minimumGrantMs + 1, 2_678_400_000,
            ]
        let most = ceilingMs ?? 2_678_400_000
        return try edges.filter { (1...most).contains($0) }.allSatisfy {
            try granted(plan, kind: kind, durationMs: $0) != nil
        }
    }

    @Test(
        "A plan has no warnings exactly when every usual ask is admitted on an empty window",
        arguments: 1...Proof.times(40))
    func exactly(seed: Int) throws {
        var random = SeededGenerator(seed: seed)
        var warned = 0
        for _ in 0..<100 {
            let sizes = [0, 1, 2, 99, 100, 101, 9_999, 10_000, 10_001, random.number(in: 0...20_000)]
            let limits = (0..<random.number(in: 1...3)).map { _ in
                (
                    meter: random.pick(Meter.allCases),
                    amount: random.once(in: 2) ? 600_000 : random.pick(sizes)
                )
            }
            var kinds: [String: Int?]? = [:]
            for kind in 0..<random.number(in: 0...3) {
                kinds?["kind-\(kind)"] = .some(random.once(in: 4) ? nil : max(1, random.pick(sizes)))
            }
            if random.once(in: 4) { kinds = nil }
            let plan = try Self.plan(
                limits, kinds: kinds, minimumGrantMs: random.once(in: 2) ? 100 : max(1, random.pick(sizes)))
            let warnings = plan.warnings
            warned += warnings.isEmpty ? 0 : 1
            #expect(
                try warnings.isEmpty == Self.admitsTheUsual(plan),
                "\(limits) \(String(describing: kinds)) \(plan.minimumGrantMs): \(warnings)")
        }
        #expect((1..<100).contains(warned))
    }

    @Test("Each warning names the field, and says what happens")
    func words() throws {
        func warnings(_ plan: Plan) -> [String] { plan.warnings.map(\.description) }
        #expect(try warnings(.serverless()).isEmpty)
        #expect(
            try warnings(
                Self.plan([(.executionTime, 500)], kinds: ["function": 10_000], minimumGrantMs: 1_000))
                == [
                    "minimumGrantMs: is 1000, and the limit 'limit-0' allows 500 ms: asks for more than that, "
                        + "of the kinds function, are always denied"
                ])
        #expect(
            try warnings(Self.plan([(.executionTime, 500)], minimumGrantMs: 1_000)) == [
                "minimumGrantMs: is 1000, and the limit 'limit-0' allows 500 ms: asks for more than that are always denied"
            ])
        #expect(
            try warnings(Self.plan([(.executions, 0), (.executionTime, 0)])) == [
                "limits[0].amount: is 0, so every ask is denied",
                "limits[1].amount: is 0, so every ask is denied",
            ])
        #expect(
            try warnings(Self.plan([(.executions, 1)], kinds: [:])) == [
                "kinds: is empty, so every execution is rejected; leave it out to accept any kind"
            ])
        #expect(
            try warnings(Self.plan([(.executionTime, 5_000)], kinds: ["a": 5_000, "b": 10_000, "c": nil]))
                == [
                    "kinds.b.maxDurationMs: is 10000, and the limit 'limit-0' allows 5000 ms: "
                        + "no execution of this kind is granted its whole time"
                ])
        let book = try PlanBook(plans: [Self.plan([(.executions, 0)]), .serverless()], default: "p")
        #expect(book.warnings == ["plan p: limits[0].amount: is 0, so every ask is denied"])
    }
}
