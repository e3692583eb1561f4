// The verdicts as CSV, byte by byte.

import Accounting
import Recordings
import Testing
import Traces

@testable import PlanSimulation

@Suite("Verdicts as CSV")
struct VerdictWriterTests {
    static func plan(_ name: String, _ executions: Int) throws -> Plan {
        try Plan(
            name: name,
            limits: [Limit(name: "count", meter: .executions, amount: executions, windowMs: 60_000)])
    }

    static func csv(_ trace: String, _ plans: [Plan]) throws -> String {
        var reader = try TraceReader(Array(trace.utf8))
        var simulation = try Simulation(.settle, under: plans)
        var csv: [UInt8] = []
        _ = try simulation.play(&reader, to: VerdictWriter(header: reader.header, plans: plans) { csv += $0 })
        return String(decoding: csv, as: UTF8.self)
    }

    @Test("Under one plan every line is the trace's, with three columns more")
    func writesOne() throws {
        let trace = "zone,offset_ms,account,function,duration_ms\r\neu,0,a,f,1500\r\n,7,a,f,\r\n\r\nus,8,b,,0"
        #expect(
            try Self.csv(trace, [Self.plan("one", 1)]) == """
                zone,offset_ms,account,function,duration_ms,verdict,granted_ms,retry_after_ms
                eu,0,a,f,1500,admitted,1500,
                ,7,a,f,,denied,,59993
                us,8,b,,0,admitted,0,

                """)
    }

    @Test("Under several plans a column names the plan, and an ask that never fits has no time")
    func writesSeveral() throws {
        let trace = Trace.head + "0,a,f,1500\n7,a,f,20\n"
        #expect(
            try Self.csv(trace, [Self.plan("two", 2), Self.plan("none", 0)]) == """
                offset_ms,account,function,duration_ms,plan,verdict,granted_ms,retry_after_ms
                0,a,f,1500,two,admitted,1500,
                0,a,f,1500,none,denied,,
                7,a,f,20,two,admitted,20,
                7,a,f,20,none,denied,,

                """)
    }

    @Test("A column's name keeps its quotes where it needs them")
    func quotesNames() throws {
        let header = "offset_ms,account,function,duration_ms,\"a\r\nb\",\"c,\"\"d\"\"\""
        #expect(
            try Self.csv(header + "\n", [Self.plan("one", 1)])
                == header + ",verdict,granted_ms,retry_after_ms\n")
    }

    @Test("A trace without rows has a header")
    func writesNone() throws {
        #expect(
            try Self.csv(Trace.head, [Self.plan("one", 1)])
                == "offset_ms,account,function,duration_ms,verdict,granted_ms,retry_after_ms\n")
    }

    @Test("Output of many pieces is whole")
    func writesLong() throws {
        let rows = (0..<20_000).map { "\($0),a\($0 % 7),f,1\n" }
        let csv = try Self.csv(Trace.head + rows.joined(), [Self.plan("one", 1_000_000)])
        let expected = rows.map { "\($0.dropLast()),admitted,1,\n" }.joined()
        #expect(csv == Trace.head.dropLast() + ",verdict,granted_ms,retry_after_ms\n" + expected)
    }

    @Test(
        "A trace that has a column of verdicts already is refused",
        arguments: ["verdict", "granted_ms", "plan"])
    func refuses(_ column: String) throws {
        let plans = try [Self.plan("one", 1), Self.plan("two", 2)]
        let error = #expect(throws: TraceError.self) {
            try VerdictWriter(header: ["offset_ms", column], plans: plans) { _ in }
        }
        #expect(
            error?.description
                == "line 1: duplicate column \(column); rename it, or leave --verdicts out")
    }

    @Test("What the sink throws ends the simulation")
    func endsEarly() throws {
        var reader = try TraceReader(Array((Trace.head + "0,a,f,1500\n").utf8))
        let plans = try [Self.plan("one", 1)]
        var simulation = try Simulation(.settle, under: plans)
        #expect(throws: CancellationError.self) {
            try simulation.play(
                &reader,
                to: VerdictWriter(header: reader.header, plans: plans) { _ in throw CancellationError() })
        }
    }
}
