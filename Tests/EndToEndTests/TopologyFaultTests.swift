// Faults of a primary that sentinels watch, and of a primary of a cluster, under load, with
// acknowledged charges: right answers, books that balance, and another primary where a fault lasts
// for so long that one is elected.

import Audit
import StintClient
import TestServers
import Testing

extension EndToEnd {
    @Suite("Faults of a primary under load")
    struct TopologyFaultTests {
        /// Before that nobody is elected, and a fault is in full effect.
        private static let effectiveFor: Duration = .milliseconds(200)

        @Test("Right answers, and books that balance", arguments: FailoverRig.Kind.allCases)
        func survives(_ kind: FailoverRig.Kind) async throws {
            let config = ["appendonly yes", "appendfsync always", "busy-reply-threshold 100"]
            try await FailoverRig.with(kind, config: config) { rig in
                let settings = [
                    "--redis-url", rig.url, "--redis-acknowledging-replicas", "\(kind.levels.last ?? 0)",
                ]
                try await Stint.serving(settings + Workplace.realDeadlines, plans: FaultTests.plans) {
                    stint, _ in
                    try await eventually("stint is ready", within: Workplace.timeout) {
                        try await stint.admin("/readyz").status == 200
                    }
                    for (number, fault) in Fault.onPrimary(of: kind).enumerated() {
                        try await Self.run(fault, number, rig, stint)
                    }
                }
            }
        }

        private static func run(
            _ fault: Fault, _ number: Int, _ rig: FailoverRig, _ stint: Stint
        ) async throws {
            let names = (0..<rig.shards).map { rig.account("f\(number)-many", shard: $0) }
            let load = Load(
                client: stint.client, asks: names.flatMap { [($0, 10, 7), ($0, 10, nil)] })
            let many = names[0]
            let primary = try rig.primary(of: many)
            var (inEffect, ended) = (ContinuousClock.now, ContinuousClock.now)
            let attempts = try await load.attempts { record in
                try await eventually("the load is on its way", within: Workplace.timeout) {
                    record.count { $0.account == many && $0.status == 201 } >= 30
                }
                // There is nothing between Stint and a primary; no fault here asks for it.
                try await FaultyProxy.withProxy(to: primary.port) { proxy in
                    let end = try await fault.begin(Fault.Scene(redis: primary, proxy: proxy))
                    inEffect = .now
                    try await Task.sleep(for: fault.lasts)
                    try await end()
                }
                ended = .now
                try await rig.untilReady()
                try await eventually("all is well again", within: Workplace.timeout) {
                    record.count { $0.account == many && $0.sentAt > ended && $0.status == 201 } >= 50
                }
            }
            FaultTests.expectAnswers(attempts)
            let met = attempts.filter { $0.account == many && $0.sentAt > inEffect + .milliseconds(20) }
            let early = met.filter { $0.sentAt < inEffect + effectiveFor }
            switch fault.effect {
            case .unnoticed:
                #expect(early.allSatisfy { $0.status != 503 }, "\(fault.testDescription): \(early.summary)")
            case .unavailable:
                // All runners may have waited for their first reply meanwhile.
                #expect(early.allSatisfy { $0.status == 503 }, "\(fault.testDescription): \(early.summary)")
                #expect(
                    attempts.contains { $0.answeredAt > inEffect && $0.status == 503 },
                    "\(fault.testDescription)")
            case .disturbed: break
            }
            let audited = try FaultTests.audit(attempts)
            #expect(audited.isKept, "\(fault.testDescription): \(audited)")
            var repeated = 0
            for name in names {
                let books = try await load.books(of: name, from: attempts)
                #expect(books.isBalanced, "\(fault.testDescription): \(name): \(books)")
                #expect(
                    try await load.forgotten(name, of: attempts).isEmpty, "\(fault.testDescription): \(name)")
                repeated += books.repeated
            }
            let first = met.filter { $0.status == 201 && $0.sentAt > inEffect + effectiveFor }
                .map(\.answeredAt).min()
            let isReplaced = try rig.primary(of: many) !== primary
            report(
                "\(rig.kind.rawValue), \(fault.testDescription): \(isReplaced ? "replaced, " : "")"
                    + "ended after \(inEffect.duration(to: ended).inMs) ms, charged again after "
                    + "\(first.map { inEffect.duration(to: $0).inMs } ?? -1) ms; \(met.summary); "
                    + "\(repeated) repeated, books balanced: \(audited.isKept)")
        }
    }
}
