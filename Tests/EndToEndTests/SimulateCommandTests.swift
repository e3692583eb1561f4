// `stint simulate` as people and CI use it: on a small trace and a plan file.

import Foundation
import TestServers
import Testing

extension EndToEnd {
    @Suite("stint simulate")
    struct SimulateCommandTests {
        static let trace = """
            offset_ms,account,function,duration_ms
            0,acme,f,4000
            3999,acme,f,1
            4000,acme,f,50

            """

        static let plans = """
            default: small
            plans:
              small:
                limits: [{name: time, meter: execution-time, amount: 10000, windowMs: 60000}]
                kinds: {function: {maxDurationMs: 10000}}
              tiny:
                limits: [{name: count, meter: executions, amount: 1, windowMs: 60000}]
            """

        @Test("says who would have been denied, as text, as JSON and row by row")
        func simulates() async throws {
            try await Workplace.open { place in
                let trace = try place.write(Self.trace, to: "trace.csv")
                let plans = try place.write(Self.plans, to: "plans.yaml")
                let verdicts = place.file("verdicts.csv")
                let one = try await place.run(["simulate", trace, "--plans", plans, "--verdicts", verdicts])
                #expect(one.ending == .exited(0), "\(one.output)")
                #expect(one.output.contains("plan small: 2 admitted, 1 denied (33.3 %)"), "\(one.output)")
                let rows = try String(contentsOfFile: verdicts, encoding: .utf8)
                #expect(
                    rows == """
                        offset_ms,account,function,duration_ms,verdict,granted_ms,retry_after_ms
                        0,acme,f,4000,admitted,10000,
                        3999,acme,f,1,denied,,56001
                        4000,acme,f,50,admitted,6000,

                        """)

                let both = try await place.run([
                    "simulate", trace, "--plans", plans, "--plan", "small", "--plan", "tiny",
                    "--charge-at-start",
                    "--format", "json",
                ])
                #expect(both.ending == .exited(0), "\(both.output)")
                #expect(both.output.contains("\"mode\" : \"charge-at-start\""), "\(both.output)")
                #expect(
                    both.output.contains("\"plan\" : \"small\"")
                        && both.output.contains("\"plan\" : \"tiny\""))
            }
        }

        @Test(
            "says what is wrong with its arguments, its trace and its plans",
            arguments: [
                (
                    ["TRACE", "--plans", "PLANS", "--plan", "big"],
                    "--plan: unknown plan 'big'. Type one of: small, tiny"
                ),
                (["TRACE", "--plans", "TRACE"], "trace.csv:1:1: "),
                (
                    ["TRACE", "--plans", "PLANS", "--kind", "job"],
                    "plan small: unknown kind job. Type --kind and one of: "
                ),
                (["TRACE", "--verdicts", "TRACE"], "is the trace itself. Name another file"),
                (["TRACE", "--verdicts", "missing/v.csv"], "missing/v.csv cannot be written"),
                (["TRACE", "--top", "-1"], "--top"),
                (["PLANS"], "line 1: the column offset_ms is missing"),
                (["missing.csv"], "missing.csv: cannot be opened. Name a file that exists"),
            ])
        func refuses(_ arguments: [String], _ words: String) async throws {
            try await Workplace.open { place in
                let trace = try place.write(Self.trace, to: "trace.csv")
                let plans = try place.write(Self.plans, to: "plans.yaml")
                let named = arguments.map { $0 == "TRACE" ? trace : $0 == "PLANS" ? plans : $0 }
                let run = try await place.run(["simulate"] + named)
                #expect(run.ending != .exited(0), "\(run.output)")
                #expect(run.output.contains(words), "\(run.output)")
            }
        }
    }
}
