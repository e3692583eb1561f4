// Redis killed, stopped and robbed of its scripts while runners ask: every question is answered soon, nothing is
// charged twice, nothing above the limit, and all is well again when Redis is.

import Glibc
import QuotaClient
import Synchronization
import TestServers
import Testing
import WireFormat

extension EndToEnd {
    @Suite("Faults of Redis under load")
    struct RedisFaultTests {
        /// Long enough that nothing leaves while the test runs.
        static let plans = """
            default: wide
            plans:
              wide:
                limits:
                  - {name: time, meter: execution-time, amount: 600000, windowMs: 600000}
                  - {name: executions, meter: executions, amount: 50000, windowMs: 600000}
            """

        /// `many` asks for so little that it is never denied; `full` reaches its limit at once.
        static let asks = [("many", 10), ("many", 10), ("many", 10), ("full", 10_000)]

        /// The most that was seen used of a limit, by peeking all the time.
        private final class Watch: Sendable {
            private let most = Mutex((ms: 0, peeks: 0))
            private let isOver = Mutex(false)

            var result: (ms: Int, peeks: Int) { most.withLock { $0 } }

            func end() { isOver.withLock { $0 = true } }

            func run(_ client: QuotaClient) async throws {
                while !isOver.withLock({ $0 }) {
                    if case .accepted(let standing) = try await client.peek(account: "full").outcome {
                        let used = standing.policies.first { $0.name == "time" }?.used ?? .max
                        most.withLock { $0 = (max($0.ms, used), $0.peeks + 1) }
                    }
                    try await Task.sleep(for: .milliseconds(5))
                }
            }
        }

        /// Puts load on `stint`, watches the standing, and does `body` meanwhile.
        private static func load(
            _ stint: Stint, during body: () async throws -> Void
        ) async throws -> (attempts: [Load.Attempt], mostUsedMs: Int) {
            let watch = Watch()
            async let watching: Void = watch.run(stint.client)
            let attempts = try await Load(client: stint.client, asks: asks).attempts {
                defer { watch.end() }
                try await body()
            }
            try await watching
            let (mostUsedMs, peeks) = watch.result
            #expect(peeks > 0)
            #expect(mostUsedMs <= 600_000)
            return (attempts, mostUsedMs)
        }

        @Test(
            "kill -9 of the embedded Redis: every request is answered within a second; Stint recovers by itself"
        )
        func kill9() async throws {
            try await Stint.serving(Workplace.realDeadlines, plans: Self.plans) { stint, place in
                let victim = try place.redisPid()
                var killedAt = ContinuousClock.now
                var backAt = ContinuousClock.now
                let (attempts, mostUsedMs) = try await Self.load(stint) {
                    try await Task.sleep(for: .seconds(1))
                    killedAt = .now
                    kill(victim, SIGKILL)
                    try await eventuallyReborn(victim, place)
                    backAt = .now
                    try await Task.sleep(for: .milliseconds(1_500))
                }
                #expect(stint.child.isRunning)
                #expect(try place.redisPid() != victim)
                Self.expectAnswers(attempts, within: .seconds(1))
                let outage = attempts.filter { $0.status == 503 }
                #expect(outage.allSatisfy { $0.words.hasPrefix("temporaryReducedCapacity: ") })
                #expect(!outage.isEmpty, "nobody noticed")
                let recovery = try Self.recovery(attempts, since: backAt)

                let kept = try await Self.keptCharges(of: attempts, killedAt: killedAt, stint.client)
                report(
                    "kill -9 of Redis: \(attempts.count) asks (\(attempts.summary)), \(attempts.latencies); Redis was "
                        + "away \(killedAt.duration(to: backAt).inMs) ms, first 201 \(recovery.firstMs) ms and last 503 \(recovery.last503Ms) ms after its return; "
                        + "\(kept.asked) admissions acknowledged before the kill, \(kept.lost) of their charges lost "
                        + "(within the last \(kept.lostWithinMs) ms); most used \(mostUsedMs) of 600000 ms")
            }
        }

        @Test(
            "SIGSTOP of the embedded Redis for 3 s: quick 503s, recovery at once, each id charged once in the end"
        )
        func standstill() async throws {
            try await Stint.serving(Workplace.realDeadlines, plans: Self.plans) { stint, place in
                let redis = try place.redisPid()
                var stoppedAt = ContinuousClock.now
                var backAt = ContinuousClock.now
                let (attempts, mostUsedMs) = try await Self.load(stint) {
                    try await Task.sleep(for: .milliseconds(500))
                    kill(redis, SIGSTOP)
                    try await eventually("Redis stands still") {
                        contents(of: "/proc/\(redis)/stat").contains(") T ")
                    }
                    stoppedAt = .now
                    try await Task.sleep(for: .seconds(3))
                    backAt = .now
                    kill(redis, SIGCONT)
                    try await Task.sleep(for: .milliseconds(1_500))
                }
                #expect(try place.redisPid() == redis)
                Self.expectAnswers(attempts, within: .seconds(1))
                let outage = attempts.filter { $0.sentAt >= stoppedAt && $0.answeredAt < backAt }
                #expect(outage.count > 20)
                #expect(outage.allSatisfy { $0.status == 503 })
                // The deadlines are 75 ms for a command and 90 ms for a connection; the rest is a busy machine's.
                #expect(outage.latency(0.95) < .milliseconds(150))
                let recovery = try Self.recovery(attempts, since: backAt)

                let (repeated, appliedBefore) = await Self.repetition(of: attempts, stint.client)
                let ids = attempts.count { $0.account == "many" }
                #expect(try await stint.client.used(of: "executions", by: "many") == ids)
                #expect(try await stint.client.used(of: "time", by: "many") == 10 * ids)
                report(
                    "SIGSTOP of Redis for 3 s: \(outage.count) asks meanwhile (\(outage.summary)), \(outage.latencies); "
                        + "first 201 \(recovery.firstMs) ms and last 503 \(recovery.last503Ms) ms after SIGCONT; \(repeated) repeated with their id, "
                        + "\(appliedBefore) of them had been applied; \(ids) ids charged once each; "
                        + "most used \(mostUsedMs) of 600000 ms")
            }
        }

        @Test("SCRIPT FLUSH under load: nobody notices")
        func scriptFlush() async throws {
            try await Stint.serving(plans: Self.plans) { stint, place in
                let (attempts, _) = try await Self.load(stint) {
                    for _ in 0..<10 {
                        try await Task.sleep(for: .milliseconds(100))
                        try place.redis("SCRIPT", "FLUSH")
                    }
                    try await Task.sleep(for: .milliseconds(200))
                }
                let many = attempts.filter { $0.account == "many" }
                #expect(many.count > 50)
                let strange = attempts.filter {
                    $0.status != 201 && !($0.status == 429 && $0.account == "full")
                }
                #expect(strange.isEmpty, "\(attempts.summary): \(strange.map(\.words)); \(stint.log)")
                #expect(try await stint.client.used(of: "executions", by: "many") == many.count)
                report(
                    "SCRIPT FLUSH ten times: \(attempts.count) asks (\(attempts.summary)), "
                        + attempts.latencies)
            }
        }

        // MARK: What must hold

        /// Everything was answered with one of the replies there are, in time.
        private static func expectAnswers(_ attempts: [Load.Attempt], within limit: Duration) {
            let known: Set<Int?> = [200, 201, 429, 503]
            let strange = attempts.filter { !known.contains($0.status) }
            #expect(strange.isEmpty, "\(strange.map(\.words))")
            #expect(attempts.latency(1) < limit)
        }

        /// How long after `back` the first admission was answered, and after that the last 503.
        private static func recovery(
            _ attempts: [Load.Attempt], since back: ContinuousClock.Instant
        ) throws -> (firstMs: Int, last503Ms: Int) {
            let after = attempts.filter { $0.answeredAt > back }
            let first = try #require(after.filter { $0.status == 201 }.map(\.answeredAt).min())
            let last503 = after.filter { $0.status == 503 }.map(\.answeredAt).max() ?? back
            #expect(back.duration(to: first) < .seconds(1))
            // A busy machine may be late once more; an outage that goes on may not.
            let settled = after.filter { $0.sentAt > back + .seconds(1) }
            #expect(settled.count { $0.status == 503 } * 10 <= settled.count, "\(settled.summary)")
            return (back.duration(to: first).inMs, back.duration(to: last503).inMs)
        }

        /// Asks everything that got no verdict once more, with the same id.
        private static func repetition(
            of attempts: [Load.Attempt], _ client: QuotaClient
        ) async -> (repeated: Int, appliedBefore: Int) {
            let unanswered = attempts.filter { $0.status == 503 && $0.account == "many" }
            let load = Load(client: client, asks: [])
            return await withTaskGroup(of: Int.self) { group in
                for part in 0..<load.connections {
                    group.addTask {
                        var applied = 0
                        for index in stride(from: part, to: unanswered.count, by: load.connections) {
                            let again = await load.attempt("many", id: unanswered[index].id, 10)
                            #expect(again.isAcknowledged, "\(again.words)")
                            if again.status == 200 { applied += 1 }
                        }
                        return applied
                    }
                }
                return (unanswered.count, await group.reduce(0, +))
            }
        }

        private func eventuallyReborn(_ victim: Int32, _ place: Workplace) async throws {
            try await place.redisAnswers()
            #expect(try place.redisPid() != victim)
        }

        /// Looks up by id what was acknowledged before the kill. With `appendfsync everysec` a killed Redis may lose
        /// its last second, or two when the disk is slow; nothing older.
        private static func keptCharges(
            of attempts: [Load.Attempt], killedAt: ContinuousClock.Instant, _ client: QuotaClient
        ) async throws -> (asked: Int, lost: Int, lostWithinMs: Int) {
            let used = try await client.used(of: "executions", by: "many")
            let good = attempts.filter { $0.account == "many" && $0.status == 201 }
            let before = good.filter { $0.answeredAt < killedAt }
            var lost: [Load.Attempt] = []
            for attempt in before {
                let reply = try await client.settle(
                    attempt.id, SettleBody(durationMs: 10), account: attempt.account)
                #expect(reply.status == 200 || reply.status == 404)
                if reply.status == 404 { lost.append(attempt) }
            }
            #expect(used >= good.count - lost.count, "charges are missing that should be there")
            let age = lost.map { $0.answeredAt.duration(to: killedAt) }.max() ?? .zero
            #expect(age < .seconds(2))
            #expect(
                try await client.used(of: "executions", by: "many") == used,
                "settling gives no execution back")
            return (before.count, lost.count, age.inMs)
        }
    }
}
