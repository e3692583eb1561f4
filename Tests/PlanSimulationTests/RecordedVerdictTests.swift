// Simulated verdicts against recorded ones: production traces, with the verdicts of an exact
// sliding log. A clock of whole seconds never puts two instants into a cell of a second, so there
// every row is equal; elsewhere an account's first difference is a denial. (TraceReplayTests
// defines the allowed differences.)

import Accounting
import Recordings
import SeededChance
import Testing
import Traces

@testable import PlanSimulation

@Suite("Simulations of recordings")
struct RecordedVerdictTests {
    /// Of longer recordings only the beginning is played, unless it is a proof; verdicts look at
    /// the past alone.
    static let mostRows = Proof.isAsked ? Int.max : 20_000

    @Test(
        "Charged at the start, verdicts are the recorded ones, or stricter",
        arguments: try SharedTraces.names())
    func agrees(with name: String) throws {
        let bytes = try SharedTraces.bytes(of: name)
        let lines = bytes.split(separator: UInt8(ascii: "\n"))
        let table = try VerdictTable(SharedTraces.verdicts(of: name), rows: lines.count - 1, of: name)
        let beginning = lines.prefix(Self.mostRows).flatMap { $0 + [UInt8(ascii: "\n")] }
        for (column, rule) in table.rules.enumerated() where !rule.isClosed {
            let limit = try Limit(
                name: "limit", meter: rule.costsTime ? .executionTime : .executions, amount: rule.amount,
                windowMs: TraceRule.windowMs)
            let plan = try Plan(name: "replay", limits: [limit])
            var simulation = try Simulation(.chargeAtStart, under: [plan])
            var reader = try TraceReader(Array(beginning))
            var csv: [UInt8] = []
            let report = try simulation.play(
                &reader, to: VerdictWriter(header: reader.header, plans: [plan]) { csv += $0 })
            let verdicts = csv.split(separator: UInt8(ascii: "\n")).dropFirst()
            #expect(verdicts.count == report.trace.rows && report.trace.rows > 0)
            var differing: Set<ArraySlice<UInt8>> = []
            var (differences, laxFirst, isWholeSecond) = (0, 0, true)
            for (row, line) in verdicts.enumerated() {
                let cells = line.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false)
                if Int(String(decoding: cells[0], as: UTF8.self))! % 1_000 != 0 { isWholeSecond = false }
                let isAdmitted = cells[4].elementsEqual("admitted".utf8)
                #expect(isAdmitted || cells[4].elementsEqual("denied".utf8))
                guard isAdmitted != table.isAdmitted(row, by: column) else { continue }
                differences += 1
                if differing.insert(cells[1]).inserted, isAdmitted { laxFirst += 1 }
            }
            let rest = lines.count - 1 - verdicts.count
            print(
                "\(name) \(rule): \(verdicts.count) rows\(rest > 0 ? " (\(rest) more as a proof)" : ""),",
                "\(report.plans[0].denied) denied, \(differences) differences")
            #expect(laxFirst == 0, "\(name) \(rule)")
            #expect(differences == 0 || !isWholeSecond, "\(name) \(rule): \(differences)")
        }
    }
}
