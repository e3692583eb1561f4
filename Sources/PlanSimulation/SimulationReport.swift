// The results of a simulation: in total, per plan, per limit, and for the accounts with the most
// denials. docs/LOAD.md describes its JSON, which has these names.

import Accounting
package import Traces

public struct SimulationReport: Encodable, Equatable, Sendable {
    public let mode: SimulationMode
    public let trace: TraceReport
    /// The plans, in the order in which they were named.
    public let plans: [PlanReport]

    public struct TraceReport: Encodable, Equatable, Sendable {
        public let rows: Int
        public let accounts: Int
        /// The offset of the last row, in ms.
        public let spanMs: Int
        public let rowsWithoutDuration: Int
        /// The rows with a duration beyond 31 days, which was cut to 31 days.
        public let rowsCut: Int

        package init(rows: Int, accounts: Int, spanMs: Int, rowsWithoutDuration: Int, rowsCut: Int) {
            self.rows = rows
            self.accounts = accounts
            self.spanMs = spanMs
            self.rowsWithoutDuration = rowsWithoutDuration
            self.rowsCut = rowsCut
        }
    }

    public struct PlanReport: Encodable, Equatable, Sendable {
        public let plan: String
        /// The kind of every execution; absent if the plan has no kinds.
        public let kind: String?
        public let rows: Int
        public let admitted: Int
        public let denied: Int
        /// The denied part of the rows, rounded to a tenth.
        public let deniedPercent: Double
        /// Denied rows whose ask would never fit.
        public let neverFits: Int
        /// Admitted rows that were granted less than they asked for.
        public let partialGrants: Int
        /// Admitted rows whose recorded duration is beyond their grant; 0 in the mode
        /// ``SimulationMode/chargeAtStart``.
        public let overruns: Int
        public let limits: [LimitReport]
        /// Accounts with at least one denial.
        public let deniedAccounts: Int
        /// The accounts with the most denials, the most first.
        public let topAccounts: [AccountReport]
    }

    public struct LimitReport: Encodable, Equatable, Sendable {
        public let name: String
        public let meter: String
        /// A count or ms.
        public let amount: Int
        public let windowMs: Int
        /// Denials in which this limit had too little left. One denial may count for several
        /// limits.
        public let denials: Int
        public let peak: PeakReport?

        package init(
            name: String, meter: String, amount: Int, windowMs: Int, denials: Int, peak: PeakReport?
        ) {
            self.name = name
            self.meter = meter
            self.amount = amount
            self.windowMs = windowMs
            self.denials = denials
            self.peak = peak
        }
    }

    /// The highest use of a limit at any instant; absent if it was never used.
    public struct PeakReport: Encodable, Equatable, Sendable {
        /// A count or ms.
        public let used: Int
        /// The used part of the amount, rounded to a tenth; absent if the amount is 0. With
        /// over-runs it may be more than 100.
        public let percent: Double?
        public let account: String
        /// When it was first reached, in ms.
        public let offsetMs: Int

        package init(used: Int, percent: Double?, account: String, offsetMs: Int) {
            self.used = used
            self.percent = percent
            self.account = account
            self.offsetMs = offsetMs
        }
    }

    public struct AccountReport: Encodable, Equatable, Sendable {
        public let account: String
        public let rows: Int
        public let denied: Int
        /// The denied part of the account's rows, rounded to a tenth.
        public let deniedPercent: Double

        package init(account: String, rows: Int, denied: Int, deniedPercent: Double) {
            self.account = account
            self.rows = rows
            self.denied = denied
            self.deniedPercent = deniedPercent
        }
    }

    /// A part in percent, rounded to a tenth; 0 if `whole` is 0.
    package static func percent(_ part: Int, of whole: Int) -> Double {
        whole == 0 ? 0 : (Double(part) / Double(whole) * 1_000).rounded() / 10
    }

    /// The numbers of accounts with denials, the most first. Equals are in the order of appearance.
    package static func mostDenied(of count: Int, denied: (Int) -> Int) -> [Int] {
        (0..<count).filter { denied($0) > 0 }.sorted { (denied($1), $0) < (denied($0), $1) }
    }
}

extension SimulationReport.AccountReport {
    package init(account: String, rows: Int, denied: Int) {
        self.init(
            account: account, rows: rows, denied: denied,
            deniedPercent: SimulationReport.percent(denied, of: rows))
    }
}

extension SimulationReport.LimitReport {
    /// - Parameters:
    ///   - name: the limit's name.
    ///   - meter: the limit's meter.
    ///   - amount: a count or ms.
    ///   - windowMs: the length of its window.
    ///   - denials: the denials in which it had too little left.
    ///   - peak: its highest use.
    ///   - account: the name of the peak's account; not evaluated if the limit was never used.
    package init(
        name: String, meter: String, amount: Int, windowMs: Int, denials: Int, peak: Peak,
        account: @autoclosure () -> String
    ) {
        self.init(
            name: name, meter: meter, amount: amount, windowMs: windowMs, denials: denials,
            peak: peak.used == 0
                ? nil
                : .init(
                    used: peak.used,
                    percent: amount == 0 ? nil : SimulationReport.percent(peak.used, of: amount),
                    account: account(), offsetMs: peak.offsetMs))
    }
}

extension SimulationReport.PlanReport {
    init(_ simulated: SimulatedPlan, rows: Int, names: NameInterner, top: Int) {
        plan = simulated.plan.name
        kind = simulated.asks.kind
        self.rows = rows
        admitted = rows - simulated.denied
        self.denied = simulated.denied
        deniedPercent = SimulationReport.percent(simulated.denied, of: rows)
        neverFits = simulated.neverFits
        partialGrants = simulated.partialGrants
        overruns = simulated.overruns
        limits = simulated.plan.limits.indices.map { index in
            let (limit, peak) = (simulated.plan.limits[index], simulated.peaks[index])
            return .init(
                name: limit.name, meter: limit.meter.rawValue, amount: limit.amount,
                windowMs: limit.window.lengthMs, denials: simulated.denials[index], peak: peak,
                account: names[peak.account])
        }
        let denied = SimulationReport.mostDenied(of: simulated.accounts.count) {
            simulated.accounts[$0].denied
        }
        deniedAccounts = denied.count
        topAccounts = denied.prefix(top).map { number in
            let account = simulated.accounts[number]
            return .init(account: names[number], rows: account.rows, denied: account.denied)
        }
    }
}
