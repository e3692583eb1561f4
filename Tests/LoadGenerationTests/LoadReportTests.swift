// The form of the report, for people and for programs; docs/LOAD.md shows the same.

import Foundation
import Testing

@testable import LoadGeneration

@Suite("The report of a load")
struct LoadReportTests {
    private static func report(_ change: (inout LoadReport) -> Void = { _ in }) -> LoadReport {
        var settings = LoadSettings()
        settings.pace = .open(perSecond: 500)
        settings.targets.append(.unixSocket(path: "/run/stint.sock"))
        settings.skew = .zipf(exponent: 1.1)
        var report = LoadReport(settings: settings)
        report.measuredMs = 2_000
        report.tally.admitted = 900
        report.tally.denied = 100
        report.tally.settled = 900
        report.tally.warmUpAnswered = 50
        for _ in 0..<1_000 { report.tally.admissionLatency.record(ns: 1_000_000) }
        for _ in 0..<900 { report.tally.settlementLatency.record(ns: 2_000_000) }
        change(&report)
        return report
    }

    @Test("The JSON is one line of whole numbers, with its units in the names")
    func json() throws {
        let report = Self.report {
            $0.tally.failures = [.timeout: 2, .status(503): 5, .connectionLost: 2]
            $0.tally.notSent = 3
            $0.tally.reconnections = 4
            $0.tally.degraded = 1
            $0.wasInterrupted = true
            $0.recorded = HistoryWriter.Summary(lines: 1_901, waits: 6)
        }
        let load =
            #"{"load":{"targets":["http://127.0.0.1:7400","unix:/run/stint.sock"],"loop":"open","ratePerSecond":500,"#
            + #""connections":64,"eventLoops":1,"accounts":10000,"skew":"zipf:1.1","durations":"exponential:200","#
            + #""ask":"ceiling","admitOnly":false,"seed":"1","warmUpMs":2000,"durationMs":10000,"timeoutMs":5000},"#
        let counts =
            #""interrupted":true,"fine":false,"measuredMs":2000,"requestsPerSecond":950,"decisionsPerSecond":500,"#
            + #""answered":1900,"admitted":900,"degraded":1,"denied":100,"settled":900,"notSent":3,"failed":9,"#
            + #""failures":[{"kind":"status-503","count":5},{"kind":"connection-lost","count":2},"#
            + #"{"kind":"timeout","count":2}],"#
            + #""reconnections":4,"warmUpAnswered":50,"recordedLines":1901,"recorderWaits":6,"#
        #expect(report.json.hasPrefix(load + counts + #""latencyUs":{"both":{"count":1900,"mean":"#))
        let object = try #require(
            try JSONSerialization.jsonObject(with: Data(report.json.utf8)) as? [String: Any])
        let latency = try #require(object["latencyUs"] as? [String: [String: Int]])
        #expect(Set(latency.keys) == ["both", "admit", "settle"])
        for (name, count) in [("both", 1_900), ("admit", 1_000), ("settle", 900)] {
            let figures = try #require(latency[name])
            #expect(Set(figures.keys) == ["count", "mean", "p50", "p90", "p99", "p999", "max"])
            #expect(figures["count"] == count)
        }
        #expect(latency["admit"]?["p50"] == 1_000)
        #expect(latency["settle"]?["p999"] == 2_000)
        #expect(latency["both"]?["max"] == 2_001, "the upper end of its bucket")
    }

    @Test("A closed loop has no rate, and what was not recorded is not mentioned")
    func closedJSON() {
        let json = LoadReport(settings: LoadSettings()).json
        #expect(json.contains(#""loop":"closed","connections":64"#))
        #expect(!json.contains("ratePerSecond"))
        #expect(!json.contains("record"))
        #expect(json.contains(#""failures":[],"#))
    }

    @Test("The text ends with the throughput and the p99")
    func text() {
        let lines = Self.report().text.split(separator: "\n")
        #expect(lines.suffix(2) == ["throughput  950 requests/s (500 decisions/s)", "p99         2.000 ms"])
        #expect(lines.contains("failures    none"))
        #expect(lines.contains("measured    2.0 s, warm-up 2.0 s"))
        #expect(lines.contains("decisions   900 admitted, 100 denied, 900 settled"))
        #expect(
            lines.contains {
                $0.hasPrefix("latency ms          p50        p90        p99      p99.9        max")
            })
        #expect(lines.contains { $0.hasPrefix("admit             1.000      1.000") && $0.hasSuffix("1000") })
    }

    @Test("It is fine only when something was measured and nothing failed or was left")
    func fine() {
        #expect(Self.report().isFine)
        #expect(!Self.report { $0.tally.failures = [.timeout: 1] }.isFine)
        #expect(!Self.report { $0.tally.notSent = 1 }.isFine)
        #expect(!LoadReport(settings: LoadSettings()).isFine)
        #expect(LoadReport(settings: LoadSettings()).requestsPerSecond == 0)
    }

    @Test("The text of a bad run says what failed, what was left, and that it was interrupted")
    func badText() {
        let text = Self.report {
            $0.tally.failures = [.timeout: 2, .status(503): 5]
            $0.tally.notSent = 3
            $0.tally.reconnections = 4
            $0.wasInterrupted = true
            $0.recorded = HistoryWriter.Summary(lines: 1_901, waits: 6)
        }.text
        for words in [
            "failures    status-503: 5, timeout: 2\n", "requests    1900 answered, 3 not sent\n",
            "connections 4 made again\n", "(interrupted)\n",
            "recorded    1901 lines; the load waited 6 times for the recorder\n",
        ] {
            #expect(text.contains(words), "\(text)")
        }
    }
}
