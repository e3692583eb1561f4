// Starts that must fail: each ends by itself, with a status other than 0 and a message that says
// what to type.

import StintClient
import TestServers
import Testing

extension EndToEnd {
    @Suite("Refused starts")
    struct RefusedStartTests {
        struct Case: Sendable, CustomTestStringConvertible {
            let testDescription: String
            let arguments: [String]
            let message: String
        }

        static let badPlan = """
            default: broken
            plans:
              broken:
                limits:
                  - {name: executions, meter: executions, amount: 10, windowMs: 60000}
                  - {name: executions-2, meter: hours, amount: 10, windowMs: 60000}
            """

        static let cases = [
            Case(
                testDescription: "a setting out of its bound",
                arguments: ["--redis-command-deadline-ms", "0"],
                message:
                    "redis.commandDeadlineMs (flag --redis-command-deadline-ms): must be 1 to 10000, not '0'"),
            Case(
                testDescription: "a flag that does not exist", arguments: ["--no-such-flag", "1"],
                message: "Unknown option '--no-such-flag'"),
            Case(
                testDescription: "a flag that is mistyped", arguments: ["--redis-ulr", "redis://h"],
                message: "Unknown option '--redis-ulr'. Did you mean '--redis-url'?"),
            Case(
                testDescription: "an address that others can reach",
                arguments: ["--runner-address", "0.0.0.0:0"], message: "Type: stint token create"),
            Case(
                testDescription: "a bad plan file", arguments: ["--plans", "PLANS"],
                message: "plans.yaml:6:37: meter: must be one of executions, execution-time, not 'hours'"),
            Case(
                testDescription: "a plan file that is not there",
                arguments: ["--plans", "no-such-file.yaml"],
                message: "no-such-file.yaml: cannot be read"),
            Case(
                testDescription: "a URL that is none", arguments: ["--redis-url", "http://localhost"],
                message: "redis.url (flag --redis-url): "),
        ]

        @Test("What is wrong with a setting is said at once", arguments: cases)
        func setting(_ refused: Case) async throws {
            try await Workplace.open { place in
                let plans = try place.write(Self.badPlan, to: "plans.yaml")
                try await Self.expect(
                    refused.message, from: refused.arguments.map { $0 == "PLANS" ? plans : $0 }, in: place)
            }
        }

        @Test(
            "A port, a socket or a data directory that is in use is named, and whose it is stays undisturbed")
        func inUse() async throws {
            try await Workplace.open { place in
                let socket = place.file("runners.sock")
                let first = try await place.start(["--runner-socket", socket])
                let other = ["--data-dir", place.file("other")]
                try await Self.expect(
                    "data.dir: refused: another stint (pid \(first.child.pid)) uses ", from: [], in: place)
                try await Self.expect(
                    "runner.address: cannot listen on 127.0.0.1:\(first.runnerPort)",
                    from: other + ["--runner-address", "127.0.0.1:\(first.runnerPort)"], in: place)
                try await Self.expect(
                    "admin.address: cannot listen on 127.0.0.1:\(first.adminPort): Address already in use",
                    from: other + ["--admin-address", "127.0.0.1:\(first.adminPort)"], in: place)
                try await Self.expect(
                    "Type: --runner-socket OTHER", from: other + ["--runner-socket", socket], in: place)
                #expect(try await first.client.admit(account: "undisturbed").status == 201)
            }
        }

        private static func expect(
            _ message: String, from arguments: [String], in place: Workplace
        ) async throws {
            let (ending, log) = try await place.refusal(arguments)
            guard ending == .exited(1) else {
                Issue.record("ended with \(String(describing: ending)): \(log)")
                return
            }
            #expect(log.contains(message))
            let last = log.split(separator: "\n").last { $0.contains("Error") } ?? "nothing"
            report("refused: \(last)")
        }
    }
}
