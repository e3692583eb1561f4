// The form of a replay's report; docs/LOAD.md shows the same.

import Accounting
import Testing
import Traces
import WireFormat

@testable import LoadGeneration

@Suite("The report of a replay")
struct ReplayReportTests {
    private static func report(
        _ described: (inout Replay) -> Void = { _ in }, _ change: (inout LoadReport) -> Void = { _ in }
    ) throws -> LoadReport {
        var replay = Replay(trace: "trace.csv")
        described(&replay)
        let settings = LoadSettings(replay)
        try settings.check()
        var tally = ReplayTally()
        tally.hold(against: [
            .init(
                name: "time", meter: .executionTime, amount: 10_000, used: 0, remaining: 10_000,
                windowMs: 60_000)
        ])
        var names = AccountNames(settings.pace)
        names.add(["acme"])
        func question(_ offsetMs: Int) -> LoadRequest {
            tally.add(.init(account: 0, offsetMs: offsetMs, durationMs: 4_000))
            var question = LoadRequest(
                step: .admit, account: 0, number: 1, durationMs: 3_000, dueNs: 0, isMeasured: true)
            question.offsetMs = offsetMs
            question.grantedMs = 3_000
            question.admittedAt = offsetMs
            question.isStopped = true
            return question
        }
        let admitted = question(5)
        tally.admit(admitted)
        tally.settle(admitted)
        tally.deny(question(7), Problem(.quotaExceeded, detail: "", violatedPolicies: ["time", "unknown"]))
        var report = LoadReport(settings: settings)
        report.replay = ReplayReport(tally, names: names, top: replay.top)
        report.measuredMs = 2_000
        report.tally.admitted = 1
        report.tally.denied = 1
        report.tally.settled = 1
        change(&report)
        return report
    }

    @Test("The JSON is that of a load, with the trace, the limits and the accounts")
    func json() throws {
        let json = try Self.report {
            $0.speed = 60
            $0.copies = 2
            $0.kind = "job"
        }.json
        #expect(
            json.hasPrefix(
                #"{"replay":{"trace":"trace.csv","speed":"60","accountsTimes":2,"targets":["http://127.0.0.1:7400"],"#
                    + #""connections":64,"ask":"ceiling","kind":"job","durationMs":2678400000,"timeoutMs":5000},"#
                    + #""interrupted":false,"fine":true,"measuredMs":2000,"requestsPerSecond":1,"decisionsPerSecond":1,"#
                    + #""answered":3,"admitted":1,"degraded":0,"denied":1,"settled":1,"notSent":0,"#))
        #expect(json.contains(#""lateUs":{"count":0,"mean":0,"p50":0,"p90":0,"p99":0,"p999":0,"max":0},"#))
        #expect(
            json.hasSuffix(
                #""trace":{"rows":2,"accounts":1,"spanMs":7,"rowsWithoutDuration":0,"rowsCut":0},"stopped":1,"#
                    + #""limits":[{"name":"time","meter":"execution-time","amount":10000,"windowMs":60000,"denials":1,"#
                    + #""peak":{"used":3000,"account":"acme:1","offsetMs":5}}],"deniedAccounts":1,"#
                    + #""topAccounts":[{"account":"acme:1","rows":2,"denied":1}]}"#), "\(json)")
    }

    @Test("The text says what was replayed, what was found, and how late the replay itself was")
    func text() throws {
        let text = try Self.report { $0.speed = 0.5 }.text
        for words in [
            "replay      at speed 0.5, 64 connections to http://127.0.0.1:7400\n",
            "workload    trace.csv, ask ceiling\n", "trace       2 rows of 1 accounts in 7 ms\n",
            "            1 executions were stopped when their grant ended\n", "measured    2.0 s\n",
            "decisions   1 admitted, 1 denied, 1 settled\n", "\nlate ",
            "  time   10000 ms  60000 ms        1  3000 ms     30.0        acme  5 ms\n",
            "  1 accounts were denied at least once; most often:\n", "  acme        2       1     50.0\n",
        ] {
            #expect(text.contains(words), "\(text)")
        }
        #expect(text.split(separator: "\n").suffix(2).first == "throughput  1 requests/s (1 decisions/s)")
    }

    @Test("A replay of a part of the trace because the rest is damaged is not fine, and says so")
    func problem() throws {
        let report = try Self.report { _ in
        } _: { report in
            report.replay = ReplayReport(
                ReplayTally(), names: AccountNames(report.settings.pace), top: 10,
                problem: TraceError(line: 3, "is bad"))
        }
        #expect(!report.isFine)
        #expect(report.json.contains(#""rowsCut":0,"problem":"line 3: is bad"},"#))
        #expect(report.text.contains("            not all of it: line 3: is bad\n"))
    }

    @Test(
        "Replays out of bounds are refused",
        arguments: [
            (0.0, 1, 10, "--speed: must be 0.001 to 1000000, not 0.0"),
            (.nan, 1, 10, "--speed: must be 0.001 to 1000000, not nan"),
            (1, 0, 10, "--accounts-times: must be 1 to 10000, not 0"),
            (1, 1, 10_001, "--top: must be 0 to 10000, not 10001"),
        ])
    func bounds(speed: Double, copies: Int, top: Int, words: String) {
        var replay = Replay(trace: "trace.csv")
        replay.speed = speed
        replay.copies = copies
        replay.top = top
        #expect { try LoadSettings(replay).check() } throws: { "\($0)".hasPrefix(words) }
    }

    @Test("Offsets beyond all time are due later than any end")
    func farAway() {
        var replay = Replay(trace: "trace.csv")
        replay.speed = 0.001
        let due = replay.dueNs(offsetMs: TraceReader.offsetsMs.upperBound)
        #expect(due > LoadSettings.replaysMs.upperBound * 1_000_000)
        #expect(due < Int.max - due)
        #expect(replay.dueNs(offsetMs: 7) == 7_000_000_000)
    }
}
