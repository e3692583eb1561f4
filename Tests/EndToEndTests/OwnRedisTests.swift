// The user's own Redis: one that is down when Stint starts (no crash, clear messages, recovery
// without help), and one that may evict keys.

import Glibc
import StintClient
import TestServers
import Testing
import WireFormat

extension EndToEnd {
    @Suite("A Redis of one's own")
    struct OwnRedisTests {
        static let lenient = """
            default: lenient
            plans:
              lenient:
                limits: [{name: executions, meter: executions, amount: 10, windowMs: 60000}]
                kinds: {function: {maxDurationMs: 10000, memoryBytes: 134217728}}
                whenUnavailable: admit
            """

        @Test(
            "Started without its Redis, Stint says 503 or admits, by plan; it is alive and recovers by itself"
        )
        func absent() async throws {
            try await RedisServer.withServer(RedisServer.Options(tcp: true)) { redis in
                redis.kill(SIGKILL)
                let url = ["--redis-url", "redis://127.0.0.1:\(redis.port)"]
                try await Workplace.open { place in
                    let strict = try await place.start(url)
                    let lenient = try await place.start(
                        url + ["--plans", try place.write(Self.lenient, to: "plans.yaml")])
                    try await Self.expectUnavailable(strict)
                    try await Self.expectDegraded(lenient)
                    #expect(try place.redisPids().isEmpty, "it started a Redis of its own")

                    try await redis.restart()
                    let backAt = ContinuousClock.now
                    try await eventually("admissions succeed again") {
                        try await strict.client.admit(account: "patient").status == 201
                    }
                    let recovery = backAt.duration(to: .now)
                    #expect(recovery < .seconds(2) + FaultTests.standstill)
                    try await eventually("readiness follows") {
                        try await strict.admin("/readyz").status == 200
                    }
                    try await eventually("nothing is degraded any more") {
                        let reply = try await lenient.client.admit(account: "lucky")
                        return try reply.status == 201 && !reply.accepted.degraded
                    }
                    report("a Redis that came late was used \(recovery.inMs) ms after it first answered")
                }
            }
        }

        @Test(
            "A Redis that may evict charges is warned of, and no other",
            arguments: [("noeviction", false), ("allkeys-lru", true), ("volatile-ttl", true)])
        func evicts(_ policy: String, isWarnedOf: Bool) async throws {
            try await RedisServer.withServer(.init(config: ["maxmemory-policy \(policy)"])) { redis in
                try await Stint.serving(["--redis-url", redis.url]) { stint, _ in
                    try await eventually("stint is ready") { try await stint.admin("/readyz").status == 200 }
                    #expect(try await stint.client.admit(account: "acme").status == 201)
                    let words = "maxmemory-policy=\(policy) "
                    #expect(stint.log.contains(words) == isWarnedOf, "\(stint.log)")
                }
            }
        }

        private static func expectUnavailable(_ stint: Stint) async throws {
            let began = ContinuousClock.now
            let reply = try await stint.client.admit(AdmitBody(id: "run-1"), account: "patient")
            let took = began.duration(to: .now)
            #expect(reply.status == 503)
            #expect(try reply.problem.type == .temporaryReducedCapacity)
            #expect(reply.header("Retry-After") == "1")
            #expect(reply.header("Content-Type") == "application/problem+json")
            #expect(took < .seconds(1) + FaultTests.standstill)
            let settle = try await stint.client.settle(
                "run-1", SettleBody(durationMs: 1), account: "patient")
            #expect(settle.status == 503)
            #expect(try await stint.client.peek(account: "patient").status == 503)
            #expect(try await stint.admin("/livez").status == 200)
            let ready = try await stint.admin("/readyz")
            #expect(ready.status == 503)
            #expect(ready.body.contains("temporary-reduced-capacity"))
            report("without Redis: admit 503 in \(took.inMs) ms, /livez 200, /readyz \(ready.body)")
        }

        private static func expectDegraded(_ stint: Stint) async throws {
            // More than the plan's 10, which nobody can count now.
            for _ in 0..<12 {
                let reply = try await stint.client.admit(account: "lucky")
                #expect(reply.status == 201)
                let body = try reply.accepted
                #expect(body.degraded)
                #expect(body.grantedMs == 10_000)
                #expect(body.deadline == nil && body.limits == nil)
            }
            let metrics = try await MetricsPage(stint.admin("/metrics").body)
            #expect(metrics.value("stint_decisions_total", ["verdict": "degraded"]) == 12)
            #expect(metrics.value("stint_decisions_total", ["verdict": "admitted"]) == 0)
        }
    }
}
