// Every fault of `Fault.all` under load: each question is answered in time and correctly, nothing
// is over the limit, nothing is charged twice, and Stint recovers when Redis does. The audit judges
// the recorded replies, and afterwards the charges are equal to the milliseconds used.

import Audit
import StintClient
import TestServers
import Testing
import WireFormat

extension EndToEnd {
    @Suite("Faults of Redis under load")
    struct FaultTests {
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
        static let asks: [(account: String, durationMs: Int, usesMs: Int?)] = [
            ("many", 10, 7), ("many", 10, nil), ("many", 10, 12), ("full", 10_000, nil),
        ]

        /// What a busy machine may add to nearly every question,
        static let slack: Duration = .milliseconds(150)
        /// and what one that stands still for a moment may add to a few.
        static let standstill: Duration = .seconds(2)

        @Test("Quick and right answers, and books that balance", arguments: Fault.all)
        func survives(_ fault: Fault) async throws {
            let options = RedisServer.Options(
                tcp: true, password: fault.password,
                config: ["appendonly yes", "appendfsync \(fault.appendFsync)", "busy-reply-threshold 100"])
            try await RedisServer.withServer(options) { redis in
                try await FaultyProxy.withProxy(to: redis.port) { proxy in
                    let login = fault.password.map { ":\($0)@" } ?? ""
                    let url = ["--redis-url", "redis://\(login)127.0.0.1:\(proxy.port)"]
                    // Where some may notice nothing, they must not notice a busy machine's own
                    // delays either.
                    let isUnnoticed = fault.effect == .unnoticed || fault.account != nil
                    let deadlines = isUnnoticed ? [] : Workplace.realDeadlines
                    try await Stint.serving(url + deadlines, plans: Self.plans) { stint, _ in
                        try await Self.ready(stint)
                        let scene = Fault.Scene(redis: redis, proxy: proxy)
                        try await Self.run(fault, scene, stint)
                    }
                }
            }
        }

        private static func ready(_ stint: Stint) async throws {
            try await eventually("stint is ready") { try await stint.admin("/readyz").status == 200 }
        }

        private static func run(_ fault: Fault, _ scene: Fault.Scene, _ stint: Stint) async throws {
            let load = Load(client: stint.client, asks: asks)
            let start = ContinuousClock.now
            var (begun, inEffect, ending, ended) = (start, start, start, start)
            let attempts = try await load.attempts { record in
                try await eventually("the load is on its way", within: Workplace.timeout) {
                    record.count { $0.account == "many" && $0.status == 201 } >= 100
                }
                begun = .now
                let end = try await fault.begin(scene)
                inEffect = .now
                try await Task.sleep(for: fault.lasts)
                try await eventually("a hundred have met the fault", within: Workplace.timeout) {
                    record.count { $0.sentAt > inEffect } >= 100
                }
                ending = .now
                try await end()
                ended = .now
                try await eventually("all is well again", within: Workplace.timeout) {
                    record.count { $0.sentAt > ended && $0.status == 201 } >= 200
                }
            }
            expectAnswers(attempts)
            let outage = attempts.filter { $0.sentAt >= begun && $0.answeredAt <= ending }
            expect(fault, outage, from: inEffect)
            let recovery = try recovery(attempts, since: ended)

            let audited = try audit(attempts)
            #expect(audited.isKept, "\(audited)")
            let books = try await balance(attempts, load)
            report(
                "\(fault.testDescription): \(begun.duration(to: ended).inMs) ms, \(outage.count) questions meanwhile "
                    + "(\(outage.summary)), \(outage.latencies); well again after \(recovery) ms; \(books); "
                    + "\(audited.findings.count) findings in \(audited.tally.questions) questions, most "
                    + audited.worst.map { "\($0.used) of \($0.policy.amount)" }.joined(separator: " and "))
        }

        // MARK: What must hold

        /// Everything was answered with one of the replies there are, within a second.
        static func expectAnswers(_ attempts: [Load.Attempt]) {
            let strange = attempts.filter { attempt in
                attempt.isAdmission
                    ? ![200, 201, 429, 503].contains(attempt.status)
                    : ![200, 404, 503].contains(attempt.status)
            }
            #expect(strange.isEmpty, "\(strange.map { "\($0.id) \($0.words)" })")
            let unavailable = attempts.filter { $0.status == 503 }
            #expect(unavailable.allSatisfy { $0.words.hasPrefix("temporaryReducedCapacity: ") })
            #expect(attempts.latency(1) < .seconds(1) + standstill, "\(attempts.latencies)")
        }

        private static func expect(
            _ fault: Fault, _ outage: [Load.Attempt], from inEffect: ContinuousClock.Instant
        ) {
            let failed = outage.filter { $0.status == 503 }
            #expect(outage.count > 20)
            switch fault.effect {
            case .unnoticed: #expect(failed.isEmpty, "\(outage.summary): \(failed.first?.words ?? "")")
            case .disturbed: #expect(failed.count < outage.count, "\(outage.summary)")
            case .unavailable:
                // Replies that were on their way still arrive.
                let later = outage.filter { $0.sentAt > inEffect + .milliseconds(20) }
                let hit = later.filter { fault.account == nil || $0.account == fault.account }
                // A Stint that stood still itself takes a late reply that it finds.
                let isRefused = { (attempt: Load.Attempt) in
                    attempt.status == 503 || fault.lateness.map { attempt.took >= $0 } == true
                }
                #expect(hit.count > 20 && hit.allSatisfy(isRefused), "\(hit.summary)")
                // 250 ms for a command, or 90 ms for a connection. One standstill is met by as many
                // as there are runners.
                #expect(hit.latency(0.9) < .milliseconds(250) + slack, "\(hit.latencies)")
                guard fault.account != nil else { return }
                let others = later.filter { $0.account != fault.account }
                #expect(others.count > 5 && others.allSatisfy { $0.status != 503 }, "\(others.summary)")
            }
        }

        /// How long after the fault the first admission was answered, in ms.
        private static func recovery(
            _ attempts: [Load.Attempt], since ended: ContinuousClock.Instant
        ) throws -> Int {
            let after = attempts.filter { $0.answeredAt > ended }
            let first = try #require(
                after.filter { $0.status == 201 }.map(\.answeredAt).min(), "\(after.summary)")
            // Pauses between attempts to connect of up to 400 ms, and an attempt that may run into
            // its deadline.
            #expect(ended.duration(to: first) < .seconds(2) + standstill)
            return ended.duration(to: first).inMs
        }

        static func audit(_ attempts: [Load.Attempt]) throws -> AuditReport {
            var audit = Audit()
            for (index, line) in attempts.history.enumerated() { try audit.read(line.json, line: index + 1) }
            return try audit.report()
        }

        // MARK: The books

        /// Holds what is charged against what was asked.
        private static func balance(_ attempts: [Load.Attempt], _ load: Load) async throws -> Books {
            let books = try await load.books(of: "many", from: attempts)
            #expect(books.isBalanced, "\(books)")
            #expect(try await load.client.used(of: "time", by: "full") <= 600_000)
            return books
        }
    }
}
