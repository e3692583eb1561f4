// The form of the report, as in docs/LOAD.md: JSON for programs, text for people.

import Accounting
import Foundation
import Recordings
import Testing
import Traces

@testable import PlanSimulation

@Suite("The report of a simulation")
struct SimulationReportTests {
    /// `busy` over-runs and is denied, `calm` is not, `late` asks nothing; the second plan has no
    /// room for anybody.
    static func report(top: Int = 10) throws -> SimulationReport {
        let trace = """
            offset_ms,account,function,duration_ms
            0,busy,f,12000
            5,calm,f,10
            10,busy,f,10
            20,late,f,
            30,busy,f,3000000000

            """
        var reader = try TraceReader(Array(trace.utf8))
        let plans = try [
            Plan(
                name: "small",
                limits: [
                    Limit(name: "time", meter: .executionTime, amount: 10_000, windowMs: 60_000),
                    Limit(name: "count", meter: .executions, amount: 6, windowMs: 60_000),
                ],
                kinds: ["job": Ceiling(maxDurationMs: 10_000)]),
            Plan(
                name: "none", limits: [Limit(name: "count", meter: .executions, amount: 0, windowMs: 1_000)]),
        ]
        var simulation = try Simulation(.settle, under: plans)
        return try simulation.play(&reader, top: top)
    }

    @Test("Its JSON has the documented shape")
    func encodes() throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        let json = String(decoding: try encoder.encode(try Self.report(top: 2)), as: UTF8.self)
        #expect(json == Self.json, "\(json)")
    }

    @Test("Its text has a table of limits and one of accounts for each plan")
    func describes() throws {
        let text = "\(try Self.report())"
        #expect(text == Self.text, "\(text)")
    }

    @Test("An empty trace has a report too")
    func reportsNothing() throws {
        var reader = try TraceReader(Array(Trace.head.utf8))
        var simulation = try Simulation(.settle, under: [Plan.serverless()])
        let report = try simulation.play(&reader)
        #expect(report.trace.rows == 0 && report.trace.spanMs == 0)
        #expect(report.plans[0].deniedPercent == 0 && report.plans[0].topAccounts == [])
        #expect(report.plans[0].limits.allSatisfy { $0.peak == nil && $0.denials == 0 })
        #expect(
            "\(report)".hasPrefix("0 rows of 0 accounts in 0 ms; mode settle\n\nplan serverless: 0 admitted"))
    }

    @Test("Of accounts with equal denials the first to appear is named first")
    func ordersAccounts() throws {
        let names = ["z", "m", "a", "k"]
        let rows = [0, 1, 2, 3, 0, 1, 2, 3, 2, 1, 3].map { "0,\(names[$0]),f,1\n" }
        var reader = try TraceReader(Array((Trace.head + rows.joined()).utf8))
        let plan = try Plan(
            name: "p", limits: [Limit(name: "count", meter: .executions, amount: 1, windowMs: 60_000)])
        var simulation = try Simulation(.settle, under: [plan])
        let report = try simulation.play(&reader, top: 3).plans[0]
        #expect(report.topAccounts.map(\.account) == ["m", "a", "k"])
        #expect(report.topAccounts.map(\.denied) == [2, 2, 2] && report.topAccounts[0].deniedPercent == 66.7)
        #expect(report.deniedAccounts == 4)
    }
}

extension SimulationReportTests {
    static let text = """
        5 rows of 3 accounts in 30 ms; mode settle
        1 rows without a duration asked 0 ms
        1 rows beyond 31 days were cut to 31 days

        plan small: 3 admitted, 2 denied (40.0 %); each asks as kind job
          1 ran past their grant

          limit    amount    window  denials      peak  percent  of account        at
          time   10000 ms  60000 ms        2  12000 ms    120.0        busy  12000 ms
          count         6  60000 ms        0         1     16.7        busy      0 ms

          1 accounts were denied at least once; most often:
          account  rows  denied  percent
          busy        3       2     66.7

        plan none: 0 admitted, 5 denied (100.0 %)
          5 of the denied never fit: they ask for more than a limit's amount

          limit  amount   window  denials  peak  percent  of account  at
          count       0  1000 ms        5     0        -           -   -

          3 accounts were denied at least once; most often:
          account  rows  denied  percent
          busy        3       3    100.0
          calm        1       1    100.0
          late        1       1    100.0
        """

    static let json = """
        {
          "mode" : "settle",
          "plans" : [
            {
              "admitted" : 3,
              "denied" : 2,
              "deniedAccounts" : 1,
              "deniedPercent" : 40,
              "kind" : "job",
              "limits" : [
                {
                  "amount" : 10000,
                  "denials" : 2,
                  "meter" : "execution-time",
                  "name" : "time",
                  "peak" : {
                    "account" : "busy",
                    "offsetMs" : 12000,
                    "percent" : 120,
                    "used" : 12000
                  },
                  "windowMs" : 60000
                },
                {
                  "amount" : 6,
                  "denials" : 0,
                  "meter" : "executions",
                  "name" : "count",
                  "peak" : {
                    "account" : "busy",
                    "offsetMs" : 0,
                    "percent" : 16.7,
                    "used" : 1
                  },
                  "windowMs" : 60000
                }
              ],
              "neverFits" : 0,
              "overruns" : 1,
              "partialGrants" : 0,
              "plan" : "small",
              "rows" : 5,
              "topAccounts" : [
                {
                  "account" : "busy",
                  "denied" : 2,
                  "deniedPercent" : 66.7,
                  "rows" : 3
                }
              ]
            },
            {
              "admitted" : 0,
              "denied" : 5,
              "deniedAccounts" : 3,
              "deniedPercent" : 100,
              "limits" : [
                {
                  "amount" : 0,
                  "denials" : 5,
                  "meter" : "executions",
                  "name" : "count",
                  "windowMs" : 1000
                }
              ],
              "neverFits" : 5,
              "overruns" : 0,
              "partialGrants" : 0,
              "plan" : "none",
              "rows" : 5,
              "topAccounts" : [
                {
                  "account" : "busy",
                  "denied" : 3,
                  "deniedPercent" : 100,
                  "rows" : 3
                },
                {
                  "account" : "calm",
                  "denied" : 1,
                  "deniedPercent" : 100,
                  "rows" : 1
                }
              ]
            }
          ],
          "trace" : {
            "accounts" : 3,
            "rows" : 5,
            "rowsCut" : 1,
            "rowsWithoutDuration" : 1,
            "spanMs" : 30
          }
        }
        """
}
