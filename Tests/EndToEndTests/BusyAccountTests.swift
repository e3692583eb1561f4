// Both limits of the default plan used up to the last millisecond and the last execution, by many at once.

import QuotaClient
import Synchronization
import Testing
import WireFormat

extension EndToEnd {
    @Suite("A busy account")
    struct BusyAccountTests {
        static let executions = 6_000
        static let connections = 32
        static let account = "busy"

        /// What 32 workers did, counted as they go.
        private final class Progress: Sendable {
            struct Counts {
                var started = 0
                var settled = 0
                var denials = 0
                var unavailable = 0
                var peeks = 0
                var mostTimeUsed = 0
                var mostExecutionsUsed = 0
            }

            private let state = Mutex(Counts())

            var counts: Counts { state.withLock { $0 } }

            func count(_ change: (inout Counts) -> Void) { state.withLock { change(&$0) } }

            /// The next execution's number, nil after the last.
            func next() -> Int? {
                state.withLock { counts in
                    guard counts.started < executions else { return nil }
                    counts.started += 1
                    return counts.started
                }
            }
        }

        @Test("6,000 times admit 10 s and settle 100 ms from 32 connections: all fit, nothing more does")
        func sixThousand() async throws {
            try await Stint.serving { stint, place in
                let progress = Progress()
                let began = ContinuousClock.now
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask { try await Self.watch(stint.client, progress) }
                    for _ in 0..<Self.connections {
                        group.addTask {
                            while let number = progress.next() {
                                try await Self.execute("e-\(number)", stint.client, progress)
                            }
                        }
                    }
                    try await group.waitForAll()
                }
                let took = began.duration(to: .now)
                // Else the first charges have left the window, and the sums below mean nothing.
                try #require(took < .seconds(60), "too slow for a window of 60 s")

                let standing = try await stint.client.peek(account: Self.account).accepted
                let oneMore = try await stint.client.admit(
                    AdmitBody(maxDurationMs: 100), account: Self.account)
                let counts = progress.counts
                #expect(counts.settled == Self.executions)
                #expect(standing.limits == LimitsObject(executionsRemaining: 0, timeRemaining: 0))
                #expect(oneMore.status == 429)
                #expect(try oneMore.problem.violatedPolicies.sorted() == ["execution-time", "executions"])
                #expect(counts.peeks > 0 && counts.mostTimeUsed <= 600_000 && counts.mostExecutionsUsed <= 6_000)
                let memory = try place.redis("MEMORY", "USAGE", "stint:{\(Self.account)}:w:60000:60")
                report(
                    "6,000 executions from 32 connections in \(took.inMs) ms: all 201 in the end, \(counts.denials) "
                        + "denials and \(counts.unavailable) 503s on the way, executionsRemaining 0, timeRemaining 0, "
                        + "the 6,001st \(oneMore.status); \(counts.peeks) peeks saw at most \(counts.mostTimeUsed) ms "
                        + "and \(counts.mostExecutionsUsed) executions used; window key \(memory) bytes")
            }
        }

        /// One execution of 100 ms; whoever is denied or unlucky tries again with the same id.
        private static func execute(
            _ id: String, _ client: QuotaClient, _ progress: Progress
        ) async throws {
            var mayBeRepeated = false
            while true {
                let reply = try await client.admit(AdmitBody(id: id), account: account)
                if reply.status == 201 || (reply.status == 200 && mayBeRepeated) { break }
                try await pause(after: reply.status, mayBeRepeated: &mayBeRepeated, progress)
            }
            mayBeRepeated = false
            while true {
                let reply = try await client.settle(id, SettleBody(durationMs: 100), account: account)
                if reply.status == 200 || (reply.status == 404 && mayBeRepeated) { break }
                try await pause(after: reply.status, mayBeRepeated: &mayBeRepeated, progress)
            }
            progress.count { $0.settled += 1 }
        }

        private static func pause(
            after status: Int, mayBeRepeated: inout Bool, _ progress: Progress
        ) async throws {
            guard status == 429 || status == 503 else { throw Unexpected("status \(status)") }
            if status == 503 { mayBeRepeated = true }
            progress.count { counts in
                if status == 429 { counts.denials += 1 } else { counts.unavailable += 1 }
            }
            try await Task.sleep(for: .milliseconds(3))
        }

        /// Peeks until all is settled.
        private static func watch(_ client: QuotaClient, _ progress: Progress) async throws {
            while progress.counts.settled < executions {
                let reply = try await client.peek(account: account)
                if case .accepted(let standing) = reply.outcome {
                    let time = standing.policies.first { $0.meter == .executionTime }?.used ?? .max
                    let executions = standing.policies.first { $0.meter == .executions }?.used ?? .max
                    progress.count { counts in
                        counts.peeks += 1
                        counts.mostTimeUsed = max(counts.mostTimeUsed, time)
                        counts.mostExecutionsUsed = max(counts.mostExecutionsUsed, executions)
                    }
                }
                try await Task.sleep(for: .milliseconds(2))
            }
        }
    }
}
