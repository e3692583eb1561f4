// Three processes that lose their Redis under three times the limit: each admits its share and no
// more, says so, and charges Redis for it when that is back.

import AdminClient
import Foundation
import Glibc
import SeededChance
import StintClient
import Synchronization
import TestServers
import Testing
import WireFormat

extension EndToEnd {
    @Suite("A share without Redis")
    struct ShareTests {
        private static let windowMs = 5_000
        private static let amount = 60
        private static let processes = 3
        /// 10 % of the amount.
        private static let share = 6
        /// The limit `all` keeps every charge, so that the sums can be compared.
        private static let plans = """
            default: wide
            plans:
              wide:
                limits:
                  - {name: count, meter: executions, amount: \(amount), windowMs: \(windowMs)}
                  - {name: all, meter: execution-time, amount: 100000000, windowMs: 3600000}
                whenUnavailable: {admit: {share: 10}}
            """
        private static var outage: Duration { Proof.isAsked ? .seconds(30) : .seconds(7) }

        /// What the runners were told.
        private final class Record: Sendable {
            private struct State {
                var isOver = false
                /// By id: when, and the ms that are due.
                var admitted: [String: (atMs: Int, isDegraded: Bool, dueMs: Int)] = [:]
                var denied: [String] = []
                var overUse: Set<OverUseObject> = []
                var odd: [String] = []
            }

            private let state = Mutex(State())

            var isOver: Bool { state.withLock { $0.isOver } }
            var instants: [Int] { state.withLock { $0.admitted.values.map(\.atMs).sorted() } }
            var dueMs: Int { state.withLock { $0.admitted.values.reduce(0) { $0 + $1.dueMs } } }
            var deniedWithoutLedger: [String] { state.withLock { $0.denied } }
            var degradedCount: Int { state.withLock { $0.admitted.values.count(where: \.isDegraded) } }
            var count: Int { state.withLock { $0.admitted.count } }
            var odd: [String] { state.withLock { $0.odd } }
            var overUse: Set<OverUseObject> { state.withLock { $0.overUse } }

            func end() { state.withLock { $0.isOver = true } }
            func settled(_ id: String, _ ms: Int) { state.withLock { $0.admitted[id]?.dueMs = ms } }
            func saw(_ text: String) { state.withLock { $0.odd.append(text) } }

            func admitted(_ id: String, _ body: AdmittedBody) {
                state.withLock {
                    $0.admitted[id] = (
                        (body.deadline ?? 0) - body.grantedMs, body.degraded, body.grantedMs
                    )
                    if let overUse = body.overUse { $0.overUse.insert(overUse) }
                }
            }

            func denied(_ id: String, _ problem: Problem) {
                guard let overUse = problem.overUse else { return }
                state.withLock {
                    $0.denied.append(id)
                    $0.overUse.insert(overUse)
                }
            }
        }

        @Test("3 processes, 3 times the limit, no Redis: at most the limit and 3 shares, and all is charged")
        func shares() async throws {
            let options = RedisServer.Options(tcp: true, config: ["appendonly yes", "appendfsync always"])
            try await RedisServer.withServer(options) { redis in
                try await Workplace.open { place in
                    let arguments = [
                        "--redis-url", "redis://127.0.0.1:\(redis.port)",
                        "--plans", try place.write(Self.plans, to: "plans.yaml"),
                    ]
                    var stints: [Stint] = []
                    for _ in 0..<Self.processes { stints.append(try await place.start(arguments)) }
                    try await Self.expectWords(stints, place)
                    let record = Record()
                    try await withThrowingTaskGroup(of: Void.self) { [stints] group in
                        for (number, stint) in stints.enumerated() {
                            group.addTask { try await Self.run(as: number, at: stint.client, into: record) }
                        }
                        try await eventually("the limit is reached") { record.count >= Self.amount }
                        redis.kill(SIGKILL)
                        try await Task.sleep(for: Self.outage)
                        #expect(try await Self.debts(of: stints) > 0)
                        try await redis.restart()
                        try await eventually("all debts are paid", within: Workplace.timeout) {
                            try await Self.debts(of: stints) == 0
                        }
                        try await Task.sleep(for: .milliseconds(500))
                        record.end()
                        try await group.waitForAll()
                    }
                    try await eventually("what ran at the end is charged", within: Workplace.timeout) {
                        try await Self.debts(of: stints) == 0
                    }
                    try await Self.expectBooks(record, stints[0])
                }
            }
        }

        /// Asks 12 times a second, and settles each execution after 30 ms.
        private static func run(as number: Int, at client: RunnerClient, into record: Record) async throws {
            try await withThrowingDiscardingTaskGroup { group in
                var count = 0
                while !record.isOver {
                    count += 1
                    let id = "p\(number)-\(count)"
                    let ms = 20 + count % 50
                    let reply = try await client.admit(
                        AdmitBody(id: id, maxDurationMs: 100), account: "acme")
                    switch reply.outcome {
                    case .accepted(let body):
                        record.admitted(id, body)
                        group.addTask {
                            try await Task.sleep(for: .milliseconds(30))
                            try await settle(id, ms, at: client, into: record)
                        }
                    case .problem(let problem):
                        record.denied(id, problem)
                        if reply.status != 429 { record.saw("\(reply.status) \(problem.detail)") }
                    }
                    try await Task.sleep(for: .milliseconds(80))
                }
            }
        }

        /// An execution that Redis admitted before it went away cannot be settled until it is back.
        private static func settle(
            _ id: String, _ ms: Int, at client: RunnerClient, into record: Record
        ) async throws {
            try await eventually(
                "\(id) is settled", within: Workplace.timeout + outage, pause: .milliseconds(50)
            ) {
                let reply = try await client.settle(id, SettleBody(durationMs: ms), account: "acme")
                if reply.status == 200 { record.settled(id, ms) }
                return reply.status != 503
            }
        }

        private static func debts(of stints: [Stint]) async throws -> Int {
            var debts = 0
            for stint in stints {
                let page = try await MetricsPage(stint.admin("/metrics").body)
                debts += Int(page.value("stint_degraded_debts", [:]) ?? -1_000)
            }
            return debts
        }

        /// The start line, the metrics and `stint plan show` name the bound.
        private static func expectWords(_ stints: [Stint], _ place: Workplace) async throws {
            let last = stints[processes - 1]
            #expect(last.log.contains("at most 18 executions"), "\(last.log)")
            #expect(try await last.admin("/v1/processes").body == #"{"processes":3}"#)
            let page = try await MetricsPage(last.admin("/metrics").body)
            #expect(page.value("stint_processes", [:]) == 3)
            #expect(page.value("stint_degraded_over_use_executions", [:]) == 18)
            #expect(page.value("stint_degraded_over_use_seconds", [:]) == 30_000)
            let shown = try await place.run(
                ["plan", "show", "wide", "--admin", "http://127.0.0.1:\(last.adminPort)"])
            #expect(
                shown.output.contains("at most 6 executions and 10000000 ms over per process")
                    && shown.output.contains("at most 18 executions and 30000000 ms over by all"), "\(shown)")
        }

        private static func expectBooks(_ record: Record, _ stint: Stint) async throws {
            #expect(record.odd.isEmpty, "\(record.odd)")
            let bound = OverUseObject(executions: share, executionTimeMs: 10_000_000)
            #expect(record.overUse == [bound])
            let instants = record.instants
            let most =
                instants.indices.map { first in
                    instants[first...].prefix { $0 < instants[first] + windowMs }.count
                }.max() ?? 0
            #expect(most <= amount + processes * share)
            #expect(record.degradedCount >= processes * share)

            // Redis may have charged for what it could not tell any more, and the share denied it.
            for id in record.deniedWithoutLedger {
                let reply = try await stint.client.settle(id, SettleBody(durationMs: 0), account: "acme")
                #expect([200, 404].contains(reply.status))
            }
            let charged = try await stint.client.used(of: "all", by: "acme")
            #expect(charged == record.dueMs)
            report(
                "without Redis for \(outage): \(record.degradedCount) of \(record.count) admitted from shares, "
                    + "at most \(most) within a window of \(amount); \(charged) ms charged, \(record.dueMs) due"
            )
        }
    }
}
