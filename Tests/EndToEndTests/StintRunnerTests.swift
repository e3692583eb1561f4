// A runner in Swift with the real binary: nothing is charged twice, everything is settled, and no
// call waits for ever.

import Accounting
import NIOCore
import StintClient
import TestServers
import Testing
import WireFormat

extension EndToEnd {
    @Suite("A runner in Swift")
    struct StintRunnerTests {
        struct Mine: Error {}

        @Test("Whatever becomes of an execution is settled, and the log has it; a denial is a value")
        func outcomes() async throws {
            try await Stint.serving { stint, place in
                try await StintRunner.withRunner(stint.client) { runner in
                    func run(
                        _ id: String, maxDurationMs: Int = 5_000,
                        _ body: @escaping @Sendable (Execution) async throws -> Int
                    ) async throws -> Int? {
                        let ask = AdmitBody(id: id, function: "f", maxDurationMs: maxDurationMs)
                        let result = try await runner.withExecution(account: "acme", ask, body)
                        guard case .ran(let value) = result else { return nil }
                        return value
                    }
                    #expect(try await run("ok") { $0.grant.grantedMs } == 5_000)
                    await #expect(throws: Mine.self) { _ = try await run("error") { _ in throw Mine() } }
                    await #expect(throws: CancellationError.self) {
                        _ = try await run("timeout", maxDurationMs: 100) { _ in
                            try await Task.sleep(for: .seconds(60))
                            return 1
                        }
                    }
                    await #expect(throws: NotStarted.self) {
                        _ = try await run("none") { _ in throw NotStarted("no worker") }
                    }
                    let message = try await run("said") { execution in
                        execution.report(duration: .milliseconds(7), outcome: .error, memoryBytes: 1_024)
                        return 2
                    }
                    #expect(message == 2)
                    let never = AdmitBody(maxDurationMs: 10_000, minDurationMs: 10_000)
                    for run in 0..<60 { #expect(try await Self.fills(stint, run)) }
                    let denied = try await runner.withExecution(account: "full", never) { _ in 1 }
                    guard case .denied(let problem) = denied else { throw Unexpected("\(denied)") }
                    #expect(problem.type == .quotaExceeded && problem.retryAfterMs != nil)
                    let rejected = await #expect(throws: StintError.self) {
                        _ = try await runner.withExecution(account: "acme", AdmitBody(kind: "odd")) { _ in 1 }
                    }
                    #expect(rejected?.problem?.type.status == 422)
                }
                let rows = Dictionary(
                    uniqueKeysWithValues: try await FunctionRunnerTests.rows(5, stint, place).map {
                        ($0.id, $0)
                    })
                #expect(
                    rows.mapValues(\.outcome) == [
                        "ok": "ok", "error": "error", "timeout": "timeout", "none": "not-started",
                        "said": "error",
                    ])
                let timeoutMs = rows["timeout"]?.durationMs ?? 0
                #expect(timeoutMs >= 99 && timeoutMs < 5_000, "\(timeoutMs)")
                #expect(rows["none"]?.durationMs == 0)
                #expect(rows["said"]?.durationMs == 7 && rows["said"]?.memoryBytes == 1_024)
            }
        }

        private static func fills(_ stint: Stint, _ run: Int) async throws -> Bool {
            try await stint.client.admit(AdmitBody(id: "run-\(run)"), account: "full").status == 201
        }

        @Test("A lost reply is asked for again: charged once, run once")
        func lostReply() async throws {
            try await Stint.serving { stint, place in
                try await FaultyProxy.withProxy(to: stint.runnerPort) { proxy in
                    proxy.mode = .lose
                    let client = RunnerClient(
                        .url("http://127.0.0.1:\(proxy.port)"), http: place.http, deadline: .milliseconds(400)
                    )
                    var settings = StintRunner.Settings()
                    settings.attempts = 50
                    try await StintRunner.withRunner(client, settings: settings) { runner in
                        async let result = runner.withExecution(account: "acme") { $0.grant.grantedMs }
                        try await eventually("it is charged", within: Workplace.timeout) {
                            try await stint.client.used(of: "executions", by: "acme") == 1
                        }
                        proxy.mode = .pass
                        guard case .ran(10_000) = try await result else { throw Unexpected("it did not run") }
                        try await eventually("it is settled") {
                            try await stint.client.used(of: "execution-time", by: "acme") < 10_000
                        }
                        #expect(try await stint.client.used(of: "executions", by: "acme") == 1)
                        try await eventually("nothing is unsettled") { runner.unsettled == 0 }
                        #expect(runner.dropped == 0)
                    }
                }
            }
        }

        @Test(
            "Nobody there: an error, or uncounted; what was hardly admitted takes little place among what waits, and all is sent when Stint is there"
        )
        func nobody() async throws {
            try await Workplace.open { place in
                let port = try freePort()
                let client = RunnerClient(
                    .url("http://127.0.0.1:\(port)"), http: place.http, deadline: .milliseconds(100))
                var settings = StintRunner.Settings()
                settings.maximumUnsettled = 3
                try await StintRunner.withRunner(client, settings: settings) { runner in
                    let refused = await #expect(throws: StintError.self) {
                        _ = try await runner.withExecution(account: "acme", AdmitBody(id: "run-0")) { _ in 1 }
                    }
                    guard case .unavailable(id: "run-0", _)? = refused else {
                        throw Unexpected("\(refused.debugDescription)")
                    }
                    for _ in 0..<5 {
                        let uncounted = Duration.milliseconds(1_500)
                        let result = try await runner.withExecution(
                            account: "acme", whenUnavailable: uncounted
                        ) {
                            ($0.grant.degraded, $0.granted == uncounted)
                        }
                        guard case .ran((true, true)) = result else { throw Unexpected("\(result)") }
                    }
                    // What was hardly admitted takes no place of what was: half of them stay free.
                    #expect(runner.unsettled == 1 && runner.dropped == 0)
                    let stint = try await place.start(["--runner-address", "127.0.0.1:\(port)"])
                    try await eventually("nothing is unsettled", within: Workplace.timeout) {
                        runner.unsettled == 0
                    }
                    #expect(try await stint.client.used(of: "executions", by: "acme") == 0)
                }
            }
        }
    }
}
