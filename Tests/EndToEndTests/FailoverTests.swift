// The proof of acknowledged charges: primaries are killed, stopped and cut off under load, with
// sentinels and in a cluster, while one Stint waits for no replica and others for one or more. A
// charge that enough replicas acknowledged is never lost, and no window is over its limit.

import Foundation
import SeededChance
import TestServers
import Testing

@Suite("Failovers under load", .serialized, .timeLimit(.minutes(60)))
struct FailoverTests {
    /// A `tight` account reaches its limit with that many executions, of that many ms each.
    static let tightCount = 60
    static let tightMs = 10_000

    /// How often each primary is struck by each fault.
    static var rounds: Int { Proof.isAsked ? 20 : 1 }

    @Test("The primary is killed or stopped", arguments: FailoverRig.Kind.allCases)
    func struck(_ kind: FailoverRig.Kind) async throws {
        try await FailoverRig.with(kind) { try await Self.run([.killed, .stopped], on: $0) }
    }

    @Test(
        "The primary is cut off, alone or together with Stint",
        .enabled(if: PrivateNetwork.isPossible, Comment(rawValue: PrivateNetwork.reasonWhenNot)),
        arguments: FailoverRig.Kind.allCases)
    func cutOff(_ kind: FailoverRig.Kind) async throws {
        try await PrivateNetwork.withNetwork { network in
            try await FailoverRig.with(kind, on: network) {
                try await Self.run([.cutOff, .cutOffWithStint], on: $0, network)
            }
        }
    }

    /// All rounds of some faults on one rig, and one Stint for each number of replicas.
    private static func run(
        _ faults: [FailoverFault], on rig: FailoverRig, _ network: PrivateNetwork? = nil
    ) async throws {
        try await Workplace.open { place in
            let plans = ["--plans", try place.write(EndToEnd.FaultTests.plans, to: "plans.yaml")]
            var lanes: [FailoverLane] = []
            for level in rig.kind.levels {
                let stint = try await place.start(
                    ["--redis-url", rig.url, "--redis-acknowledging-replicas", "\(level)"] + plans
                        + Workplace.realDeadlines)
                lanes.append(FailoverLane(level: level, stint: stint))
            }
            for fault in faults {
                var results: [FailoverResult] = []
                defer {
                    for level in rig.kind.levels {
                        let row = FailoverRow(rig.kind, fault, results.filter { $0.level == level })
                        report(row.description)
                    }
                }
                for number in 0..<rounds {
                    let round = FailoverRound(
                        number: number, fault: fault, rig: rig, network: network, lanes: lanes)
                    results += try await round.run()
                    try await rig.untilReady()
                }
            }
        }
    }
}

/// A row of the table in docs/CORRECTNESS.md.
private struct FailoverRow: CustomStringConvertible {
    let description: String

    init(_ kind: FailoverRig.Kind, _ fault: FailoverFault, _ results: [FailoverResult]) {
        func sum(_ field: (FailoverResult) -> Int) -> Int { results.map(field).reduce(0, +) }
        func times(_ field: (FailoverResult) -> Int) -> String {
            let sorted = results.map(field).sorted()
            return sorted.count < 2
                ? "\(sorted.first ?? 0)" : "\(sorted[sorted.count / 2]) (\(sorted[sorted.count - 1]))"
        }
        let cells = [
            "\(kind.rawValue), \(fault.rawValue)", "\(results.first?.level ?? 0)", "\(results.count)",
            "\(sum(\.acknowledged))", "\(sum(\.lost))", "\(sum(\.over))", times(\.afterFault),
            times(\.afterElection), times(\.afterReadiness),
            kind == .cluster ? "\(sum(\.othersFailed)) of \(sum(\.others))" : "",
        ]
        description = "failover | " + cells.joined(separator: " | ") + " |"
    }
}
