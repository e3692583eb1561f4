// A minimal runner in Swift: three functions under one account's quota. Start a Stint (`make run`),
// then type
//
//     swift run stint-client-example [http://HOST:PORT [ACCOUNT]]

import AsyncHTTPClient
import NIOCore
import StintClient
import WireFormat

@main
struct StintClientExample {
    static func main() async throws {
        let arguments = CommandLine.arguments.dropFirst()
        let url = arguments.first ?? "http://127.0.0.1:7400"
        let account = arguments.dropFirst().first ?? "example"

        let client = RunnerClient(.url(url), http: .shared, deadline: .seconds(1))
        try await StintRunner.withRunner(client) { runner in
            try await runAll(runner, account)
        }
        if let standing = try await client.peek(account: account).reply.accepted {
            print("left: \(standing.limits.executionsRemaining ?? 0) executions")
        }
    }

    private static func runAll(_ runner: StintRunner, _ account: String) async throws {
        // A function that works.
        let sum = try await runner.withExecution(account: account, AdmitBody(function: "sum")) { execution in
            print("sum: may run \(execution.granted)")
            return (1...1_000_000).reduce(0, +)
        }
        say("sum", sum)

        // A function that fails: its error is rethrown, and its duration is charged.
        do {
            say("fails", try await runner.withExecution(account: account, AdmitBody(function: "fails"), fail))
        } catch let error as Failure {
            print("fails: \(error)")
        }

        // A function that takes longer than it asked for: its task is cancelled, which ends its
        // sleep.
        let ask = AdmitBody(function: "sleeps", maxDurationMs: 200)
        do {
            let slept = try await runner.withExecution(account: account, ask) { _ in
                try await Task.sleep(for: .seconds(5))
            }
            say("sleeps", slept)
        } catch is CancellationError {
            print("sleeps: stopped at the granted time")
        }
    }

    private struct Failure: Error {}

    @Sendable private static func fail(_: Execution) async throws -> Int { throw Failure() }

    private static func say<Value>(_ function: String, _ result: ExecutionResult<Value>) {
        switch result {
        case .ran(let value): print("\(function): \(value)")
        case .denied(let problem):
            let wait = problem.retryAfterMs.map { "again in \($0) ms" } ?? "it never fits"
            print("\(function): denied, \(printable(problem.detail)); \(wait)")
        }
    }
}
