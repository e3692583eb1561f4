// Answers that no sane ledger gives, with numbers up to 2^53: each becomes a whole reply with the
// right status.

import Accounting
import SeededChance
import Testing
import WireFormat

@testable import RunnerAPI

@Suite("Answers of a ledger that has gone mad")
struct ExtremeAnswerTests {
    private static func number(_ random: inout SeededGenerator) -> Int {
        let edges = [0, 1, 999, 1_000, 60_000, 2_678_400_000, 1 << 40, 1 << 52, 1 << 53 - 1, 1 << 53]
        return random.once(in: 3) ? random.number(in: 0...1 << 53) : random.pick(edges)
    }

    private static func plan(_ random: inout SeededGenerator) throws -> PlanBook {
        let count = random.number(in: 1...32)
        let limits = try (0..<count).map { index in
            let meter = random.pick(Meter.allCases)
            return try Limit(
                name: "limit-\(index)", meter: meter,
                amount: random.pick([0, 1, meter == .executions ? 2_147_483_647 : 1_099_511_627_776]),
                windowMs: random.pick([1_000, 60_000, 1_001, 2_678_400_000]),
                cells: random.pick([1, 60, 1_000]))
        }
        return try EmbeddedClient.plans(limits: limits)
    }

    private static func answer(
        _ entry: ScriptedLedger.Entry, _ random: inout SeededGenerator
    ) -> (answer: Answer, status: Int) {
        let usage = entry.plan.windows.map { _ in
            Usage(
                executions: number(&random), executionTimeMs: number(&random),
                oldestLeavesInMs: random.once(in: 3) ? nil : number(&random))
        }
        let grant = Grant(admittedAt: Timestamp(ms: number(&random)), durationMs: number(&random))
        let denial = Denial(
            violated: UInt32.random(in: 0...UInt32.max, using: &random),
            retryAfterMs: random.once(in: 3) ? nil : number(&random))
        let receipt = Receipt(
            chargedMs: number(&random), returnedMs: number(&random), overrunMs: number(&random),
            grant: grant, label: nil)
        let (verdict, status): (Verdict, Int) =
            switch entry.question {
            case .admit: random.pick([(.admitted(grant), 201), (.held(grant), 200), (.denied(denial), 429)])
            case .settle: random.pick([(.settled(receipt), 200), (.notHeld, 404)])
            case .peek: (.peeked, 200)
            }
        // Now and then the answer to another question: nobody knows what happened.
        guard !random.once(in: 9) else {
            let other: Verdict = entry.question == .peek ? .admitted(grant) : .peeked
            return (Answer(verdict: other, usage: usage), 503)
        }
        return (Answer(verdict: verdict, usage: usage), status)
    }

    @Test("are spoken as whole replies, and nobody else's are harmed", arguments: 0..<10)
    func spoken(seed: Int) throws {
        var random = SeededGenerator(seed: seed)
        for round in 0..<Proof.times(40) {
            var settings = RunnerSettings()
            settings.rateLimitTime = random.once(in: 2)
            let client = try EmbeddedClient(
                isScripted: true, settings: settings, plans: try Self.plan(&random))
            let requests = [
                EmbeddedClient.admit(), EmbeddedClient.settle("a", #"{"durationMs":1}"#), EmbeddedClient.peek,
            ]
            var expected: [Int] = []
            for _ in 0..<4 {
                try client.send(random.pick(requests))
                let (answer, status) = Self.answer(client.scripted.waiting[0], &random)
                client.scripted.answer(with: answer)
                expected.append(status)
            }
            let text = try client.received()
            let replies = try HTTPReply.all(in: text)
            #expect(replies.map(\.status) == expected, "seed \(seed), round \(round): \(text)")
        }
    }
}
