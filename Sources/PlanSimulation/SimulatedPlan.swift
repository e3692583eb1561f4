// One plan applied to a trace. Accounts share nothing, so each has its own time: its executions
// that ended before a row are settled just before that row is decided.

import Accounting
import Traces

/// The verdict of the rule on a row.
public enum SimulatedVerdict: Equatable, Sendable {
    case admitted(grantedMs: Int)
    /// `retryAfterMs` is nil if the same ask never fits.
    case denied(retryAfterMs: Int?)
}

struct SimulatedPlan {
    /// The most running executions of all accounts.
    static let mostRunning = 20_000_000

    /// An execution that will be settled.
    struct Execution {
        let grant: Grant
        let durationMs: Int
    }

    struct Account {
        var charges = Charges()
        /// The running executions, by the ms at which they end.
        var running = RunningExecutions<Execution>()
        var rows = 0
        var denied = 0
    }

    let plan: Plan
    let asks: SimulatedAsk
    /// The accounts, by their numbers in the trace.
    private(set) var accounts: [Account] = []
    private(set) var denied = 0
    private(set) var neverFits = 0
    private(set) var partialGrants = 0
    private(set) var overruns = 0
    /// One per limit of the plan.
    private(set) var denials: [Int]
    private(set) var peaks: [Peak]
    private var running = 0

    init(_ plan: Plan, asks: SimulatedAsk) {
        self.plan = plan
        self.asks = asks
        denials = plan.limits.map { _ in 0 }
        peaks = plan.limits.map { _ in Peak() }
    }

    /// - Parameters:
    ///   - account: its number. A new account has the next number.
    ///   - offsetMs: the time, not before the account's previous row.
    ///   - durationMs: 0 to 31 days; nil: unknown.
    /// - Throws: ``TraceError`` if more than ``mostRunning`` executions run at once.
    mutating func decide(
        account: Int, offsetMs: Int, durationMs: Int?
    ) throws(TraceError) -> SimulatedVerdict {
        let now = Timestamp(ms: offsetMs)
        while account >= accounts.count { accounts.append(Account()) }
        settle(account, until: now)
        accounts[account].rows += 1
        let ask = asks.ask(durationMs)
        _ = accounts[account].charges.advance(under: plan, to: now)
        switch accounts[account].charges.admit(ask, under: plan, at: now, clock: now) {
        case .admitted(let grant):
            notePeaks(of: account, at: now)
            if grant.durationMs < ask.durationMs { partialGrants += 1 }
            if asks.mode == .settle, let durationMs { try start(account, grant, durationMs) }
            return .admitted(grantedMs: grant.durationMs)
        case .denied(let denial):
            accounts[account].denied += 1
            denied += 1
            if denial.retryAfterMs == nil { neverFits += 1 }
            for limit in denials.indices where denial.violates(limit) { denials[limit] += 1 }
            return .denied(retryAfterMs: denial.retryAfterMs)
        default: preconditionFailure("an ask is admitted or denied")
        }
    }

    /// Settles the executions that still run at the end of the trace.
    mutating func finish() {
        for account in accounts.indices { settle(account, until: Timestamp(ms: .max)) }
    }

    private mutating func start(_ account: Int, _ grant: Grant, _ durationMs: Int) throws(TraceError) {
        if durationMs > grant.durationMs { overruns += 1 }
        let end = grant.admittedAt + durationMs
        // After that its settlement would find no hold, and no charge that counts.
        guard end < Hold(grant: grant, under: plan).expires else { return }
        guard running < Self.mostRunning else {
            throw TraceError(
                "more than \(Self.mostRunning) executions run at once; split the trace by account")
        }
        running += 1
        accounts[account].running.start(Execution(grant: grant, durationMs: durationMs), until: end.ms)
    }

    private mutating func settle(_ account: Int, until now: Timestamp) {
        while let (endMs, execution) = accounts[account].running.end(by: now.ms) {
            running -= 1
            let end = Timestamp(ms: endMs)
            _ = accounts[account].charges.advance(under: plan, to: end)
            let receipt = accounts[account].charges.settle(
                Hold(grant: execution.grant, under: plan), durationMs: execution.durationMs, under: plan,
                at: end)
            if receipt.overrunMs > 0 { notePeaks(of: account, at: end) }
        }
    }

    private mutating func notePeaks(of account: Int, at now: Timestamp) {
        for limit in peaks.indices {
            let used = accounts[account].charges.used(of: limit, under: plan)
            if used > peaks[limit].used {
                peaks[limit] = Peak(used: used, account: account, offsetMs: now.ms)
            }
        }
    }
}
