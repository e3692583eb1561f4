// Random changes to the bytes that the script returns: they are a possible answer to these
// questions, or they are rejected and no question is answered. Nothing overflows on the way to a
// decision.

import Accounting
import Logging
import Metrics
import NIOCore
import NIOPosix
import Redis
import SeededChance
import Testing

@testable import RedisLedger

/// Keeps what it hears.
private final class AnswerRecorder: AnswerSink {
    private(set) var received: [Result<Answer, LedgerError>] = []

    func receive(_ answer: Result<Answer, LedgerError>) { received.append(answer) }
}

@Suite("Mutated answers of the script")
struct AnswerMutationTests {
    private static let mutator = Mutator(
        ([.nan, .infinity, -.infinity, 0, -0.0, -1, -2, 0.5, 1, 0x1p53, 0x1p53 + 2, 0x1p63, -0x1p63, 0x1p64]
            + [.greatestFiniteMagnitude, .leastNonzeroMagnitude, 0x1p31, 0x1p32 - 1, 0x1p32, 1.77e12]
            as [Double])
            .map(bytes) + [[0], [1], [2], [3], [4], [5], [6], [255]])

    private static func bytes(_ number: Double) -> [UInt8] {
        withUnsafeBytes(of: number.bitPattern.littleEndian, Array.init)
    }

    private static func plan(_ random: inout SeededGenerator) throws -> Plan {
        try Plan(
            name: "p",
            limits: (0..<random.pick([1, 2, 5, 31, 32])).map { index in
                try Limit(
                    name: "l\(index)", meter: random.pick(Meter.allCases),
                    amount: random.pick([0, 1, 2_147_483_647]),
                    windowMs: random.pick([1_000, 60_000, 2_678_400_000]))
            })
    }

    private static func question(_ random: inout SeededGenerator) -> Question {
        let id = ExecutionID("a")!
        let ask = Ask(id: id, durationMs: random.pick([0, 10_000, 2_678_400_000]), minimumMs: 100)
        return random.pick([.admit(ask), .settle(id, durationMs: 5), .peek])
    }

    /// What the script says to this question, with numbers of the right kind.
    private static func answer(
        to question: Question, under plan: Plan, _ random: inout SeededGenerator
    ) -> [UInt8] {
        let now = 1_770_000_000_000
        let numbers: (UInt8, Int, Int, Int) =
            switch question {
            case .admit(let ask):
                random.pick([
                    (0, random.number(in: 0...2_678_400_000), now, 0),
                    (1, random.number(in: 0...ask.durationMs), now, 0),
                    (
                        2, random.pick([-1, 1, 60_000]), random.number(in: 1...(1 << plan.limits.count) - 1),
                        0
                    ),
                ])
            case .settle: random.pick([(3, 5, 9_995, 0), (4, 0, 0, 0)])
            case .peek: (5, 0, 0, 0)
            }
        var answer = [numbers.0]
        for number in [numbers.1, numbers.2, numbers.3] { answer += bytes(Double(number)) }
        for _ in plan.windows {
            for number in [
                random.number(in: 0...9), random.number(in: 0...1 << 53), random.pick([-1, 0, 60_000]),
            ] {
                answer += bytes(Double(number))
            }
        }
        if numbers.0 == 3 {
            // Admitted at, granted ms, length of the label, label.
            var label = random.pick([[], [1, 0, 0, 255, 107], [1, 2, 0, 255, 107, 102, 102]] as [[UInt8]])
            if random.once(in: 5) { label = [9, 9] }
            answer += bytes(of: now, count: 6) + bytes(of: 10_000, count: 6)
            answer += bytes(of: label.count, count: 2) + label
        }
        return answer
    }

    private static func bytes(of number: Int, count: Int) -> [UInt8] {
        withUnsafeBytes(of: UInt64(number).littleEndian) { Array($0.prefix(count)) }
    }

    /// What no answer to `question` under `plan` may say; nil when it may. Also does with it all
    /// that is ever done.
    private static func fault(_ answer: Answer, to question: Question, under plan: Plan) -> String? {
        let largest = 1 << 53
        guard answer.usage.count == plan.windows.count else {
            return "usage of \(answer.usage.count) windows"
        }
        for usage in answer.usage {
            guard (0...largest).contains(usage.executions), (0...largest).contains(usage.executionTimeMs),
                (0...largest).contains(usage.oldestLeavesInMs ?? 0)
            else { return "\(usage)" }
        }
        let standing = Standing(plan: plan, usage: answer.usage)
        for index in plan.limits.indices where standing.remaining(of: index) > plan.limits[index].amount {
            return "more is left than there is"
        }
        switch (answer.verdict, question) {
        case (.admitted(let grant), .admit(let ask)):
            return (0...ask.durationMs).contains(grant.durationMs) && grant.deadline >= grant.admittedAt
                ? nil : "\(grant)"
        case (.held(let grant), .admit):
            return Bounds.durationMs.contains(grant.durationMs) && grant.deadline >= grant.admittedAt
                ? nil : "\(grant)"
        case (.denied(let denial), .admit):
            let isAboutTheseLimits = (1..<1 << plan.limits.count).contains(Int(denial.violated))
            return isAboutTheseLimits && (1...largest).contains(denial.retryAfterMs ?? 1) ? nil : "\(denial)"
        case (.settled(let receipt), .settle):
            let numbers = [
                receipt.chargedMs, receipt.returnedMs, receipt.overrunMs, receipt.grantedMs,
                receipt.admittedAt.ms,
            ]
            return numbers.allSatisfy((0...largest).contains) ? nil : "\(receipt)"
        case (.notHeld, .settle), (.peeked, .peek): return nil
        default: return "\(answer.verdict) to \(question)"
        }
    }

    /// A call that never left, with the ledger that it would belong to.
    private static func withLedger(_ body: @escaping @Sendable (RedisLedger) throws -> Void) async throws {
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        let url = try RedisURL("redis://127.0.0.1:1")
        try await loop.submit {
            let keys = try #require(LedgerKeys(prefix: ""))
            let ledger = RedisLedger(
                eventLoop: loop, redis: RedisSettings(url: url), keys: keys,
                logger: Logger(label: "ledger", factory: { _ in SwiftLogNoOpLogHandler() }),
                metrics: NOOPMetricsHandler.instance)
            try body(ledger)
        }.get()
    }

    /// The questions as one call, about two accounts where they are several, and who hears the
    /// answers.
    private static func call(
        of questions: [Question], under plan: Plan, ledger: RedisLedger
    ) -> (LedgerCall, [AnswerRecorder]) {
        let call = LedgerCall(ledger: ledger)
        let recorders = questions.map { _ in AnswerRecorder() }
        let second = questions.count / 2
        var place = 0
        for (index, (question, recorder)) in zip(questions, recorders).enumerated() {
            if index == 0 || index == second { place = call.open(Account("a\(index)")!, under: plan) }
            call.append(question, at: place, from: recorder)
        }
        return (call, recorders)
    }

    @Test("are answers within bounds to these questions, or nobody hears anything", arguments: 0..<8)
    func mutants(seed: Int) async throws {
        try await Self.withLedger { ledger in
            var random = SeededGenerator(seed: seed)
            var taken = 0
            let rounds = Proof.times(1_000)
            for round in 0..<rounds {
                let plan = try Self.plan(&random)
                let questions = (0..<random.number(in: 1...4)).map { _ in Self.question(&random) }
                let (call, recorders) = Self.call(of: questions, under: plan, ledger: ledger)
                let valid = questions.flatMap { Self.answer(to: $0, under: plan, &random) }
                var bytes = round % 10 == 0 ? valid : Self.mutator.mutant(of: valid, most: 3, using: &random)
                // Most mutants have another length, which is noticed at once.
                if random.number(in: 1...4) > 1, bytes.count > valid.count {
                    bytes = Array(bytes.prefix(valid.count))
                }
                let isTaken = call.answer(from: ByteBuffer(bytes: bytes))
                if isTaken { taken += 1 }
                let what = "seed \(seed), round \(round): \(questions), \(bytes)"
                #expect(isTaken || bytes != valid, "refused, and was good: \(what)")
                for (recorder, question) in zip(recorders, questions) {
                    #expect(recorder.received.count == (isTaken ? 1 : 0), "\(what)")
                    guard let received = recorder.received.first else { continue }
                    // What says that the account ledger holds something else is no answer.
                    guard case .success(let answer) = received else { continue }
                    let fault = Self.fault(answer, to: question, under: plan)
                    #expect(fault == nil, "\(what)")
                }
            }
            print("script answers \(seed): \(rounds), of which \(taken) were taken")
            #expect(taken > rounds / 10 && taken < rounds)
        }
    }

    @Test(
        "that say what the script cannot are refused: a verdict, its three numbers",
        arguments: [
            (1, 10_001, 1, 0), (1, -1, 1, 0), (0, 2_678_400_001, 1, 0), (0, -1, 1, 0), (2, 0, 1, 0),
            (2, 5, 0, 0),
            (2, 5, 4, 0), (2, 5, 1 << 32, 0), (3, 1, 1, 0), (4, 0, 0, 0), (5, 0, 0, 0),
            (1, 1, 1 << 54, 0), (1, 1, 1 << 44, 0), (0, 1, 1 << 44, 0),
        ] as [(UInt8, Int, Int, Int)])
    func refused(verdict: UInt8, a: Int, b: Int, c: Int) async throws {
        try await Self.withLedger { ledger in
            let plan = try Plan.serverless()
            let ask = Ask(id: ExecutionID("a")!, durationMs: 10_000, minimumMs: 100)
            let (call, recorders) = Self.call(of: [.admit(ask)], under: plan, ledger: ledger)
            let recorder = recorders[0]
            let numbers = [a, b, c, 1, 1, 1].flatMap { Self.bytes(Double($0)) }
            #expect(!call.answer(from: ByteBuffer(bytes: [verdict] + numbers)))
            #expect(recorder.received.isEmpty)
            // The same bytes but for the verdict's are good.
            let good = [1, 10_000, 1, 0, 1, 1, 1].flatMap { Self.bytes(Double($0)) }.dropFirst(8)
            #expect(call.answer(from: ByteBuffer(bytes: [1] + good)))
            #expect(recorder.received.count == 1)
        }
    }
}
