// kill -9 of the embedded Redis while runners ask: it restarts with every charge. (`FaultTests` has
// the faults that any Redis can have.)

import Glibc
import StintClient
import TestServers
import Testing

extension EndToEnd {
    @Suite("Death of the embedded Redis")
    struct EmbeddedRedisCrashTests {
        @Test("kill -9 under load: every question is answered within a second, and Stint restarts its Redis")
        func kill9() async throws {
            try await Stint.serving(Workplace.realDeadlines, plans: FaultTests.plans) { stint, place in
                let victim = try place.redisPid()
                let load = Load(client: stint.client, asks: FaultTests.asks)
                var (killedAt, backAt) = (ContinuousClock.now, ContinuousClock.now)
                let attempts = try await load.attempts { record in
                    try await eventually("the load is on its way", within: Workplace.timeout) {
                        record.count { $0.account == "many" && $0.status == 201 } >= 200
                    }
                    killedAt = .now
                    kill(victim, SIGKILL)
                    try await place.redisAnswers()
                    backAt = .now
                    try await eventually("all is well again", within: Workplace.timeout) {
                        record.count { $0.sentAt > backAt && $0.status == 201 } >= 200
                    }
                }
                #expect(stint.child.isRunning)
                #expect(try place.redisPid() != victim)
                #expect(attempts.latency(1) < .seconds(1) + FaultTests.standstill)
                let outage = attempts.filter { $0.status == 503 }
                #expect(!outage.isEmpty, "nobody noticed")
                let after = attempts.filter { $0.answeredAt > backAt && $0.status == 201 }.map(\.answeredAt)
                let first = try #require(after.min())
                #expect(backAt.duration(to: first) < .seconds(1) + FaultTests.standstill)

                // What it had not yet handed to the kernel is lost: with appendfsync everysec at
                // most its last two seconds.
                let used = try await stint.client.used(of: "executions", by: "many")
                let acknowledged = attempts.filter { $0.account == "many" && $0.status == 201 }
                #expect(used >= acknowledged.count { $0.sentAt > backAt })
                report(
                    "kill -9 of the embedded Redis: away \(killedAt.duration(to: backAt).inMs) ms, first 201 "
                        + "\(backAt.duration(to: first).inMs) ms after its return; \(attempts.summary); "
                        + "\(used) executions charged, \(acknowledged.count) acknowledged")
            }
        }

        @Test("data.appendfsync reaches the server; every second is the default")
        func appendFsync() async throws {
            for (arguments, expected) in [([], "everysec"), (["--data-appendfsync", "always"], "always")] {
                try await Stint.serving(arguments) { stint, place in
                    #expect(try place.redis("CONFIG", "GET", "appendfsync").hasSuffix("\n" + expected))
                    let admitted = try await stint.client.admit(account: "acme")
                    #expect(admitted.status == 201)
                }
            }
        }
    }
}
