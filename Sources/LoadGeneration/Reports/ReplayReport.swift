// The results of a replay by account and limit. The latencies are in the `LoadReport` around it.
// The fields have the same names as in the report of a simulation.

import Accounting
public import PlanSimulation
public import Traces
import WireFormat

public struct ReplayReport: Sendable {
    public let trace: SimulationReport.TraceReport
    /// Executions that were stopped at the end of their grant, before their recorded duration was
    /// over.
    public let stopped: Int
    /// The limits of the first account, with the denials of all accounts, and lower bounds of the
    /// fullest windows of all accounts.
    public let limits: [SimulationReport.LimitReport]
    /// Accounts with at least one denial.
    public let deniedAccounts: Int
    /// The accounts with the most denials, the most first.
    public let topAccounts: [SimulationReport.AccountReport]
    /// Why the rest of the trace was not replayed.
    public let problem: TraceError?

    /// - Returns: nil if the lane has no replay.
    init?(_ lane: LoadLane) {
        guard let tally = lane.replay, case .recorded(let replay) = lane.settings.pace else { return nil }
        self.init(tally, names: lane.writer.accounts, top: replay.top, problem: lane.recorded?.endedBy)
    }

    init(_ tally: ReplayTally, names: AccountNames, top: Int, problem: TraceError? = nil) {
        trace = .init(
            rows: tally.rows, accounts: tally.accounts.count { $0.rows > 0 }, spanMs: tally.latestMs,
            rowsWithoutDuration: tally.rowsWithoutDuration, rowsCut: tally.rowsCut)
        stopped = tally.stopped
        limits = tally.limits.indices.map { index in
            let (limit, peak) = (tally.limits[index], tally.peaks[index])
            return .init(
                name: limit.name, meter: limit.meter.rawValue, amount: limit.amount, windowMs: limit.windowMs,
                denials: tally.denials[index], peak: peak, account: names[peak.account])
        }
        let denied = SimulationReport.mostDenied(of: tally.accounts.count) { Int(tally.accounts[$0].denied) }
        deniedAccounts = denied.count
        topAccounts = denied.prefix(top).map { number in
            let account = tally.accounts[number]
            return .init(account: names[number], rows: Int(account.rows), denied: Int(account.denied))
        }
        self.problem = problem
    }

    // MARK: Text

    /// The lines about the trace.
    var headLines: [String] {
        var lines = ["trace       \(trace.rows) rows of \(trace.accounts) accounts in \(trace.spanMs) ms"]
        if trace.rowsWithoutDuration > 0 {
            lines.append("            \(trace.rowsWithoutDuration) rows without a duration asked 0 ms")
        }
        if trace.rowsCut > 0 {
            lines.append("            \(trace.rowsCut) rows beyond 31 days were cut to 31 days")
        }
        if stopped > 0 {
            lines.append("            \(stopped) executions were stopped when their grant ended")
        }
        if let problem { lines.append("            not all of it: \(problem)") }
        return lines
    }

    /// The lines about limits and accounts.
    var tailLines: [String] {
        SimulationReport.lines(limits) + SimulationReport.lines(deniedAccounts: deniedAccounts, topAccounts)
    }

    // MARK: JSON

    /// Adds its members to an object, without percentages, because every number is an integer.
    func write(to writer: inout JSONWriter) {
        writer.name("trace")
        writer.beginObject()
        writer.member("rows", trace.rows)
        writer.member("accounts", trace.accounts)
        writer.member("spanMs", trace.spanMs)
        writer.member("rowsWithoutDuration", trace.rowsWithoutDuration)
        writer.member("rowsCut", trace.rowsCut)
        if let problem { writer.member("problem", "\(problem)") }
        writer.endObject()
        writer.member("stopped", stopped)
        writer.name("limits")
        writer.beginArray()
        for limit in limits { Self.write(limit, to: &writer) }
        writer.endArray()
        writer.member("deniedAccounts", deniedAccounts)
        writer.name("topAccounts")
        writer.beginArray()
        for account in topAccounts {
            writer.beginObject()
            writer.member("account", account.account)
            writer.member("rows", account.rows)
            writer.member("denied", account.denied)
            writer.endObject()
        }
        writer.endArray()
    }

    private static func write(_ limit: SimulationReport.LimitReport, to writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("name", limit.name)
        writer.member("meter", limit.meter)
        writer.member("amount", limit.amount)
        writer.member("windowMs", limit.windowMs)
        writer.member("denials", limit.denials)
        if let peak = limit.peak {
            writer.name("peak")
            writer.beginObject()
            writer.member("used", peak.used)
            writer.member("account", peak.account)
            writer.member("offsetMs", peak.offsetMs)
            writer.endObject()
        }
        writer.endObject()
    }
}
