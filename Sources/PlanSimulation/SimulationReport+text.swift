// The report of a simulation as text for people.

import Accounting
import WireFormat

extension SimulationReport: CustomStringConvertible {
    /// Printable lines, the last without a line end.
    public var description: String {
        var lines = [
            "\(trace.rows) rows of \(trace.accounts) accounts in \(trace.spanMs) ms; mode \(mode.rawValue)"
        ]
        if trace.rowsWithoutDuration > 0 {
            lines.append("\(trace.rowsWithoutDuration) rows without a duration asked 0 ms")
        }
        if trace.rowsCut > 0 { lines.append("\(trace.rowsCut) rows beyond 31 days were cut to 31 days") }
        return (lines + plans.flatMap { [""] + $0.lines }).map { printable($0) }.joined(separator: "\n")
    }
}

extension SimulationReport.PlanReport {
    fileprivate var lines: [String] {
        var first = "plan \(plan): \(admitted) admitted, \(denied) denied (\(deniedPercent) %)"
        if let kind { first += "; each asks as kind \(kind)" }
        var lines = [first]
        if partialGrants > 0 { lines.append("  \(partialGrants) were granted less than they asked for") }
        if overruns > 0 { lines.append("  \(overruns) ran past their grant") }
        if neverFits > 0 {
            lines.append("  \(neverFits) of the denied never fit: they ask for more than a limit's amount")
        }
        lines.append("")
        lines += SimulationReport.lines(limits)
        if deniedAccounts > 0 { lines.append("") }
        return lines + SimulationReport.lines(deniedAccounts: deniedAccounts, topAccounts)
    }
}

// The tables that the reports of replays share.
extension SimulationReport {
    package static func lines(_ limits: [LimitReport]) -> [String] {
        table(
            [["limit", "amount", "window", "denials", "peak", "percent", "of account", "at"]]
                + limits.map(\.cells))
    }

    /// The accounts with denials; empty if there are none.
    package static func lines(deniedAccounts: Int, _ top: [AccountReport]) -> [String] {
        guard deniedAccounts > 0 else { return [] }
        return ["  \(deniedAccounts) accounts were denied at least once; most often:"]
            + table(
                [["account", "rows", "denied", "percent"]]
                    + top.map { [shown($0.account), "\($0.rows)", "\($0.denied)", "\($0.deniedPercent)"] })
    }

    /// Aligns the first column to the left and the others to the right.
    private static func table(_ rows: [[String]]) -> [String] {
        let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        return rows.map { row in
            "  "
                + row.indices.map { column in
                    let space = String(repeating: " ", count: widths[column] - row[column].count)
                    return column == 0 ? row[column] + space : space + row[column]
                }.joined(separator: "  ")
        }
    }
}

extension SimulationReport.LimitReport {
    fileprivate var cells: [String] {
        let unit: String = Meter(rawValue: meter)?.choose(executions: "", executionTime: " ms") ?? ""
        let percent = peak?.percent.map { "\($0)" } ?? "-"
        return [
            name, "\(amount)\(unit)", "\(windowMs) ms", "\(denials)", "\(peak?.used ?? 0)\(unit)", percent,
            peak.map { shown($0.account) } ?? "-", peak.map { "\($0.offsetMs) ms" } ?? "-",
        ]
    }
}

/// A name from a trace for a column: printable, at most 128 characters.
private func shown(_ name: String) -> String { printable(String(name.unicodeScalars.prefix(128))) }
