// `stint replay` as people and CI use it: a recorded trace against a real service, with a record
// that `stint audit` checks.

import Accounting
import Foundation
import Glibc
import Recordings
import TestServers
import Testing
import WireFormat

extension EndToEnd {
    @Suite("stint replay")
    struct ReplayCommandTests {
        /// What a report must have for these tests; its whole shape is tested beside it.
        private struct Report: Decodable {
            struct Trace: Decodable {
                let rows: Int
                let accounts: Int
                let rowsWithoutDuration: Int
            }

            struct Limit: Decodable {
                struct Peak: Decodable {
                    let used: Int
                    let account: String
                    let offsetMs: Int
                }

                let denials: Int
                let peak: Peak?
            }

            struct Account: Decodable {
                let rows: Int
                let denied: Int
            }

            let fine: Bool
            let interrupted: Bool
            let measuredMs: Int
            let admitted: Int
            let denied: Int
            let settled: Int
            let stopped: Int
            let trace: Trace
            let limits: [Limit]
            let topAccounts: [Account]
            let latencyUs: [String: [String: Int]]
            let lateUs: [String: Int]

            init(from output: String) throws {
                self = try JSONDecoder().decode(Self.self, from: Data(output.utf8))
            }
        }

        private static func lines(of record: String) throws -> [HistoryLine] {
            try contents(of: record).split(separator: "\n").map { try HistoryLine(json: $0.utf8) }
        }

        private static func gzip(_ file: String) throws {
            let process = try Process.run(URL(filePath: "/usr/bin/env"), arguments: ["gzip", file])
            process.waitUntilExit()
            #expect(process.terminationStatus == 0)
        }

        @Test("asks every row of a packed sample once on Redis, and its record passes the audit")
        func sample() async throws {
            let plans = """
                default: edits
                plans: {edits: {limits: [{name: edits, meter: executions, amount: 20, windowMs: 60000}]}}
                """
            try await Stint.serving(plans: plans) { stint, place in
                let sample = try place.write(
                    String(decoding: TraceSample.rows, as: UTF8.self), to: "sample.csv")
                try Self.gzip(sample)
                let record = place.file("record.jsonl")
                // Seven hours in four and a half seconds: one window.
                let run = try await place.run([
                    "replay", sample + ".gz", "--speed", "6000", "--accounts-times", "2", "--target",
                    "http://127.0.0.1:\(stint.runnerPort)", "--format", "json", "--record", record,
                ])
                #expect(run.ending == .exited(0), "\(run.output)")
                let report = try Report(from: run.output)
                #expect(report.fine)
                #expect(report.measuredMs >= 26_437_520 / 6_000)
                // Accounts with 24 and with 40 rows, two of each, and 20 for each.
                #expect(report.trace.rows == 128)
                #expect(report.trace.rowsWithoutDuration == 128)
                #expect(report.trace.accounts == 4)
                #expect(report.admitted == 80)
                #expect(report.denied == 48)
                #expect(report.settled == 80)
                #expect(report.topAccounts.map(\.rows) == [40, 40, 24, 24])
                #expect(report.topAccounts.map(\.denied) == [20, 20, 4, 4])
                #expect(report.limits.map(\.denials) == [48])
                let peak = try #require(report.limits.first?.peak)
                #expect(peak.used == 20)
                #expect(peak.account.hasPrefix("ac08368342b:"))
                // Its twentieth row, or one beside it.
                #expect((5_533_837...5_665_114).contains(peak.offsetMs))
                #expect(report.latencyUs["admit"]?["count"] == 128)
                #expect(report.latencyUs["settle"]?["count"] == 80)
                #expect(report.lateUs["count"] == 128)

                var ids: Set<String> = []
                var rows: [String: Int] = [:]
                for line in try Self.lines(of: record) {
                    guard case .admit(let request, _) = line.exchange else { continue }
                    #expect(request.maxDurationMs == 0)
                    ids.insert(try #require(request.id))
                    rows[line.account, default: 0] += 1
                }
                #expect(ids.count == 128)
                #expect(
                    rows == [
                        "ac08368342b:1": 24, "ac08368342b:2": 24, "ae5879604a2:1": 40, "ae5879604a2:2": 40,
                    ])
                let audit = try await place.run(["audit", record])
                #expect(audit.ending == .exited(0), "\(audit.output)")
                #expect(audit.output.contains("edits: 20 of 20 executions (100.0 %)"), "\(audit.output)")
                EndToEndTests.report("stint replay: \(TraceSample.name), 128 rows, 48 denied; audited")
            }
        }

        @Test("lets executions run as long as recorded, at any speed, and no longer than granted")
        func waits() async throws {
            let plans = """
                default: short
                plans:
                  short:
                    limits: [{name: time, meter: execution-time, amount: 600000, windowMs: 60000}]
                    kinds: {function: {maxDurationMs: 900}}
                """
            try await Stint.serving(["--ledger", "memory"], plans: plans) { stint, place in
                let trace = try place.write(
                    "offset_ms,account,function,duration_ms\n0,acme,f,300\n6000,acme,f,5000\n",
                    to: "trace.csv")
                let record = place.file("record.jsonl")
                let run = try await place.run([
                    "replay", trace, "--speed", "60", "--target", "http://127.0.0.1:\(stint.runnerPort)",
                    "--format", "json", "--record", record,
                ])
                #expect(run.ending == .exited(0), "\(run.output)")
                let report = try Report(from: run.output)
                #expect(report.settled == 2)
                #expect(report.stopped == 1)
                #expect(report.measuredMs >= 100 + 900)
                var admitted: [String: Int] = [:]
                var settled: [SettleBody] = []
                for line in try Self.lines(of: record) {
                    switch line.exchange {
                    case .admit(let request, _): admitted[request.id ?? ""] = line.answeredAt
                    case .settle(let id, let request, _):
                        settled.append(request)
                        let answeredAt = try #require(admitted[id])
                        // Both are rounded down to whole ms.
                        #expect(line.sentAt - answeredAt >= request.durationMs - 1)
                    case .peek: break
                    }
                }
                #expect(
                    settled == [SettleBody(durationMs: 300), SettleBody(durationMs: 900, outcome: .timeout)])
            }
        }

        @Test("settles what runs when it is interrupted, and reports what was measured")
        func interrupted() async throws {
            try await Stint.serving(["--ledger", "memory"]) { stint, place in
                let rows = (0..<1_000).map { "\($0),acme,f,9000\n" }.joined() + "3600000,acme,f,1\n"
                let trace = try place.write(
                    "offset_ms,account,function,duration_ms\n" + rows, to: "trace.csv")
                let record = place.file("record.jsonl")
                let run = try await place.run([
                    "replay", trace, "--target", "http://127.0.0.1:\(stint.runnerPort)", "--format", "json",
                    "--record", record,
                ]) { child in
                    try await eventually("the replay is on its way") { contents(of: record).hasPrefix("{") }
                    child.send(SIGINT)
                }
                #expect(run.ending == .exited(0), "\(run.output)")
                let report = try Report(from: run.output)
                #expect(report.interrupted)
                // So many grants of 10 s fit; what was due and is asked after their end fits again.
                #expect(report.admitted >= 60)
                #expect(report.settled == report.admitted)
                #expect(report.measuredMs < 60_000)
                let audit = try await place.run(["audit", record])
                #expect(audit.ending == .exited(0), "\(audit.output)")
            }
        }

        @Test(
            "says what is wrong with its arguments, its trace and its target",
            arguments: [
                (["missing.csv"], 1, "missing.csv: cannot be opened. Name a file that exists"),
                (["DAMAGED"], 1, "line 2: offset_ms is empty"),
                (["TRACE"], 1, "nobody.sock: No such file or directory. Start a service there"),
                (["TRACE", "--record", "TRACE"], 64, "is the trace itself. Name another file"),
                (["TRACE", "--speed", "0"], 64, "--speed: must be 0.001 to 1000000, not 0.0"),
                (["TRACE", "--accounts-times", "0"], 64, "--accounts-times: must be 1 to 10000, not 0"),
                (["TRACE", "--duration", "0"], 64, "--duration: must be 1 to"),
                (["TRACE", "--ask", "much"], 64, "Type ceiling, recorded or a number of ms"),
            ])
        func refuses(_ arguments: [String], _ status: Int32, _ words: String) async throws {
            try await Workplace.open { place in
                let files = [
                    "TRACE": try place.write(SimulateCommandTests.trace, to: "trace.csv"),
                    "DAMAGED": try place.write(
                        "offset_ms,account,function,duration_ms\n,a,f,1\n", to: "bad.csv"),
                ]
                let target = ["--target", "unix:\(place.file("nobody.sock"))"]
                let run = try await place.run(["replay"] + arguments.map { files[$0] ?? $0 } + target)
                #expect(run.ending == .exited(status), "\(run.output)")
                #expect(run.output.contains(words), "\(run.output)")
            }
        }
    }
}
