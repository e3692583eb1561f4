// `stint load` as people and CI use it: against a real service, with a record that `stint audit`
// checks.

import Foundation
import Glibc
import TestServers
import Testing

extension EndToEnd {
    @Suite("stint load")
    struct LoadCommandTests {
        /// What a report must have for these tests; its whole shape is tested beside it.
        private struct Report: Decodable {
            struct Latency: Decodable {
                let count: Int
                let p50: Int
                let p99: Int
                let max: Int
            }

            let fine: Bool
            let interrupted: Bool
            let measuredMs: Int
            let requestsPerSecond: Int
            let answered: Int
            let admitted: Int
            let denied: Int
            let settled: Int
            let failed: Int
            let notSent: Int
            let recordedLines: Int?
            let latencyUs: [String: Latency]

            init(from output: String) throws {
                self = try JSONDecoder().decode(Self.self, from: Data(output.utf8))
            }
        }

        @Test("measures a service on Redis, and its record passes the audit", arguments: [nil, 100])
        func measures(rate: Int?) async throws {
            try await Stint.serving { stint, place in
                let (record, hdr) = (place.file("record.jsonl"), place.file("latency.hgrm"))
                let pace = rate.map { ["--rate", "\($0)"] } ?? []
                let run = try await place.run(
                    [
                        "load", "--target", "http://127.0.0.1:\(stint.runnerPort)", "--connections", "8",
                        "--duration",
                        "1.5", "--warm-up", "0.5", "--accounts", "5", "--skew", "zipf", "--durations",
                        "uniform:1000-12000", "--format", "json", "--record", record, "--hdr", hdr,
                    ] + pace)
                #expect(run.ending == .exited(0), "\(run.output)")
                let report = try Report(from: run.output)
                #expect(report.fine)
                #expect(!report.interrupted)
                #expect(report.measuredMs >= 1_500)
                #expect(report.settled == report.admitted)
                #expect(report.answered == report.admitted + report.denied + report.settled)
                if let rate { #expect(report.admitted + report.denied == rate * 3 / 2) }
                let both = try #require(report.latencyUs["both"])
                #expect(both.count == report.answered)
                #expect(both.p50 <= both.p99)
                #expect(both.p99 <= both.max)

                let histogram = contents(of: hdr)
                #expect(histogram.hasPrefix("       Value     Percentile TotalCount 1/(1-Percentile)\n\n"))
                #expect(histogram.contains("Total count    = "))

                let lines = contents(of: record).split(separator: "\n")
                #expect(lines.count == report.recordedLines)
                #expect(lines.first?.hasPrefix(#"{"question":"peek","account":"load-0""#) == true)
                #expect(lines.count > report.answered)
                let audit = try await place.run(["audit", record])
                #expect(audit.ending == .exited(0), "\(audit.output)")
                #expect(audit.output.contains("kept: no window was over its limit"))
                EndToEndTests.report(
                    "stint load: \(report.requestsPerSecond) requests/s, \(report.denied) denied; audited")
            }
        }

        @Test("ends with two numbers, over a Unix socket too")
        func text() async throws {
            try await Workplace.open { place in
                let socket = place.file("runner.sock")
                _ = try await place.start(["--ledger", "memory", "--runner-socket", socket])
                let run = try await place.run([
                    "load", "--target", "unix:\(socket)", "--connections", "4", "--duration", "0.3",
                    "--warm-up", "0",
                ])
                #expect(run.ending == .exited(0), "\(run.output)")
                let lines = run.output.split(separator: "\n")
                #expect(
                    lines.suffix(2).first?.contains(/^throughput  \d+ requests\/s \(\d+ decisions\/s\)$/)
                        == true)
                #expect(lines.last?.contains(/^p99         \d+\.\d{3} ms$/) == true)
            }
        }

        @Test("reports what was measured when it is interrupted")
        func interrupted() async throws {
            try await Stint.serving(["--ledger", "memory"]) { stint, place in
                let record = place.file("record.jsonl")
                let run = try await place.run([
                    "load", "--target", "http://127.0.0.1:\(stint.runnerPort)", "--duration", "3600",
                    "--warm-up", "0",
                    "--format", "json", "--record", record,
                ]) { child in
                    try await eventually("the load is on its way") { contents(of: record).hasPrefix("{") }
                    child.send(SIGINT)
                }
                #expect(run.ending == .exited(0), "\(run.output)")
                let report = try Report(from: run.output)
                #expect(report.interrupted)
                #expect(report.answered > 0)
                #expect(report.measuredMs < 60_000)
                let audit = try await place.run(["audit", record])
                #expect(audit.ending == .exited(0), "\(audit.output)")
            }
        }

        @Test(
            "ends with 1 and says what to do when nobody is there, when answers fail or a file cannot be written"
        )
        func failures() async throws {
            try await Workplace.open { place in
                let run = try await place.run(["load", "--target", "unix:\(place.file("nobody.sock"))"])
                #expect(run.ending == .exited(1))
                #expect(
                    run.output.contains("No such file or directory. Start a service there"), "\(run.output)")

                let stint = try await place.start(["--ledger", "memory"])
                let target = ["load", "--target", "http://127.0.0.1:\(stint.runnerPort)"]
                // 11 s are above the ceiling of the built-in plan's kind.
                let refused = try await place.run(
                    target + ["--duration", "0.2", "--warm-up", "0", "--ask", "11000"])
                #expect(refused.ending == .exited(1))
                #expect(refused.output.contains("failures    status-422: "), "\(refused.output)")
                #expect(refused.output.contains("stint load: nothing was measured\n"), "\(refused.output)")
                for option in ["--record", "--hdr"] {
                    let unwritable = try await place.run(target + [option, place.file("no/such/folder")])
                    #expect(unwritable.ending == .exited(1))
                    #expect(
                        unwritable.output.contains("stint load: \(option): cannot write"),
                        "\(unwritable.output)")
                }
            }
        }

        @Test(
            "refuses arguments that make no load with status 64 and words that say what to type",
            arguments: [
                (["--rate", "0"], "--rate: must be 1 to 10000000, not 0"),
                (["--duration=-1"], "--duration: must be 1 to 86400000 (ms), not -1000"),
                (["--skew", "steep"], "Type uniform, zipf or zipf:S"),
                (["--target", "https://127.0.0.1:7400"], "A load has no TLS"),
                (["--durations", "10"], "Type fixed:MS, uniform:MS-MS or exponential:MS"),
                (["--format", "xml"], "'xml' is invalid"),
            ])
        func usage(arguments: [String], words: String) async throws {
            try await Workplace.open { place in
                let run = try await place.run(["load"] + arguments)
                #expect(run.ending == .exited(64))
                #expect(run.output.contains(words), "\(run.output)")
            }
        }
    }
}
