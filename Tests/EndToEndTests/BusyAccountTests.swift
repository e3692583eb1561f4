// Many clients use both limits of the default plan up to the last millisecond and the last
// execution.

import Accounting
import StintClient
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

        /// The default plan with a window of 300 s.
        static let slowPlan = """
            default: slow
            plans:
              slow:
                limits:
                  - {name: execution-time, meter: execution-time, amount: 600000, windowMs: 300000}
                  - {name: executions, meter: executions, amount: 6000, windowMs: 300000}
                kinds: {function: {maxDurationMs: 10000}}
            """

        @Test("6,000 times admit 10 s and settle 100 ms from 32 connections: all fit, nothing more does")
        func sixThousand() async throws {
            // It takes a tenth of the window, but a debug build among other tests may take more
            // than the whole.
            if try await Self.fits(plans: nil, windowMs: 60_000) { return }
            report("this machine is too busy for the default plan's window of 60 s; once more with 300 s")
            #expect(try await Self.fits(plans: Self.slowPlan, windowMs: 300_000))
        }

        /// - Returns: false when it took longer than the window, so that the sums say nothing.
        private static func fits(plans: String?, windowMs: Int) async throws -> Bool {
            try await Stint.serving(plans: plans) { stint, place in
                let progress = Progress()
                let began = ContinuousClock.now
                try await use(stint, progress)
                let standing = try await stint.client.peek(account: account).accepted
                let oneMore = try await stint.client.admit(AdmitBody(maxDurationMs: 100), account: account)
                let tookMs = began.duration(to: .now).inMs
                guard tookMs < windowMs else { return false }
                let counts = progress.counts
                #expect(counts.settled == executions)
                #expect(standing.limits == LimitsObject(executionsRemaining: 0, timeRemaining: 0))
                #expect(oneMore.status == 429)
                #expect(try oneMore.problem.violatedPolicies.sorted() == ["execution-time", "executions"])
                #expect(counts.peeks > 0)
                #expect(counts.mostTimeUsed <= 600_000 && counts.mostExecutionsUsed <= 6_000)
                let memory = try place.redis("MEMORY", "USAGE", "stint:{\(account)}")
                report(
                    "6,000 executions from 32 connections in \(tookMs) ms, window \(windowMs) ms: all 201 in the "
                        + "end, \(counts.denials) denials and \(counts.unavailable) 503s on the way, "
                        + "executionsRemaining 0, timeRemaining 0, the 6,001st \(oneMore.status); \(counts.peeks) "
                        + "peeks saw at most \(counts.mostTimeUsed) ms and \(counts.mostExecutionsUsed) executions "
                        + "used; page \(memory) bytes")
                return true
            }
        }

        private static func use(_ stint: Stint, _ progress: Progress) async throws {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await watch(stint.client, progress) }
                for _ in 0..<connections {
                    group.addTask {
                        try await RawConnection.open(port: stint.runnerPort) { connection in
                            while let number = progress.next() {
                                try await execute("e-\(number)", &connection, progress)
                            }
                        }
                    }
                }
                try await group.waitForAll()
            }
        }

        /// One execution of 100 ms; whoever is denied or unlucky tries again with the same id.
        private static func execute(
            _ id: String, _ connection: inout RawConnection, _ progress: Progress
        ) async throws {
            let path = RunnerPath.executions(of: account)
            var mayBeRepeated = false
            while true {
                let status = try await connection.post(path, "{\"id\":\"\(id)\"}")
                if status == 201 || (status == 200 && mayBeRepeated) { break }
                try await pause(after: status, mayBeRepeated: &mayBeRepeated, progress)
            }
            mayBeRepeated = false
            while true {
                let status = try await connection.post("\(path)/\(id)/settle", "{\"durationMs\":100}")
                if status == 200 || (status == 404 && mayBeRepeated) { break }
                try await pause(after: status, mayBeRepeated: &mayBeRepeated, progress)
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
            try await Task.sleep(for: .milliseconds(20))
        }

        /// Peeks until all is settled.
        private static func watch(_ client: RunnerClient, _ progress: Progress) async throws {
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
