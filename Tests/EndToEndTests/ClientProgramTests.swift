// Programs that use the binary: the Node client's own tests, the example in Swift, and the demo.

import Foundation
import Glibc
import TestServers
import Testing
import WireFormat

extension EndToEnd {
    @Suite("Clients and the demo")
    struct ClientProgramTests {
        @Test("The Node client keeps its promises, beside a real Stint and on bad days")
        func nodeClient() async throws {
            let plans = """
                default: ten
                plans:
                  ten:
                    limits:
                      - {name: executions, meter: executions, amount: 100, windowMs: 60000}
                      - {name: execution-time, meter: execution-time, amount: 10000, windowMs: 60000}
                    kinds: {function: {maxDurationMs: 5000}, long: {maxDurationMs: 20000}}
                    resources: {secrets: 2}
                """
            try await Workplace.open { place in
                let socket = place.file("stint.sock")
                let stint = try await place.start([
                    "--plans", try place.write(plans, to: "plans.yaml"), "--runner-socket", socket,
                ])
                try await eventually("the records can be asked", within: Workplace.timeout) {
                    try await stint.admin("/v1/accounts/acme/resources").status == 200
                }
                let (ending, output) = try await Self.run(
                    [
                        "env", "STINT_URL=http://127.0.0.1:\(stint.runnerPort)", "STINT_SOCKET=\(socket)",
                        "STINT_ADMIN=http://127.0.0.1:\(stint.adminPort)", "node",
                        FunctionRunner.repository("Clients/node/stint.test.mjs"),
                    ], log: place.file("node.log"))
                #expect(ending == .exited(0), "\(output)")
                let passed = output.firstMatch(of: /(?:#|ℹ) pass (\d+)/).flatMap { Int($0.output.1) }
                #expect(passed == 16, "\(output)")
                report("the Node client: \(passed ?? 0) of its tests passed")
            }
        }

        @Test("The example in Swift runs, fails, and is stopped in time")
        func swiftExample() async throws {
            try await Stint.serving { stint, place in
                let (ending, output) = try await Self.run(
                    [Self.binary("stint-client-example"), "http://127.0.0.1:\(stint.runnerPort)", "acme"],
                    log: place.file("example.log"))
                #expect(ending == .exited(0), "\(output)")
                for line in ["sum: 500000500000", "fails: Failure()", "sleeps: stopped at the granted time"] {
                    #expect(output.contains(line), "\(output)")
                }
                let rows = try await FunctionRunnerTests.rows(3, stint, place)
                #expect(
                    Set(rows.map { "\($0.function ?? "") \($0.outcome ?? "")" })
                        == ["sum ok", "fails error", "sleeps timeout"])
            }
        }

        @Test("The demo shows admissions, denials and recovery, and leaves nothing running")
        func demo() async throws {
            try await Workplace.open { place in
                // As a checkout is that only its owner may read.
                let copied = try await place.shell(
                    "umask 077; mkdir \"$1/own\"; cp -R \"$ROOT/Examples\" \"$ROOT/Clients\" \"$1/own\"")
                #expect(copied.code == 0, "\(copied.output)")
                let (ending, output) = try await Self.run(
                    ["node", place.file("own/Examples/function-runner/demo.mjs"), Self.binary("stint")],
                    log: place.file("demo.log"))
                print(output)
                #expect(ending == .exited(0), "\(output)")
                #expect(output.contains(#"  200: {"greeting""#) && output.contains(/429, Retry-After: \d/))
                #expect(output.hasSuffix("everything is stopped\n"))
                #expect(output.contains("forget its charges             401"))
                // Root can make workers other users, and does.
                #expect(output.contains("read the token                 EACCES") == (geteuid() == 0))
            }
        }

        /// What was built together with these tests.
        private static func binary(_ name: String) -> String {
            URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent().appending(path: name)
                .path
        }

        private static func run(
            _ arguments: [String], log: String
        ) async throws -> (ending: ChildProcess.Ending?, output: String) {
            let child = try ChildProcess(arguments, log: log, lastSignal: "TERM")
            do {
                try await eventually("\(arguments[0]) ends", within: .seconds(120)) { !child.isRunning }
            } catch {
                child.stop()
                throw Unexpected("\(error): \(contents(of: log))")
            }
            return (child.ending, contents(of: log))
        }
    }
}
