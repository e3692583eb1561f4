// The counts of a replay, by account and by limit, as far as the replies tell.

import Accounting
import Traces
import WireFormat

struct ReplayTally {
    struct Account {
        var rows: Int32 = 0
        var denied: Int32 = 0
    }

    /// The accounts, by their numbers.
    private(set) var accounts: [Account] = []
    private(set) var rows = 0
    private(set) var rowsWithoutDuration = 0
    var rowsCut = 0
    /// The offset of the latest row, ms.
    private(set) var latestMs = 0
    /// Executions that were stopped when their grant ended.
    private(set) var stopped = 0
    /// The limits that all accounts are compared with, from a peek.
    private(set) var limits: [PolicyStanding] = []
    /// One per limit.
    private(set) var denials: [Int] = []
    private(set) var peaks: [Peak] = []
    /// The different lengths of the limits' windows, ms.
    private var lengths: [Int] = []
    /// The windows of the first account, then those of the second, ...
    private var windows: [ChargedWindow] = []

    /// Sets the limits, before the first request.
    mutating func hold(against limits: [PolicyStanding]) {
        self.limits = limits
        denials = limits.map { _ in 0 }
        peaks = limits.map { _ in Peak() }
        lengths = Array(Set(limits.map(\.windowMs))).sorted()
    }

    /// A row is due.
    mutating func add(_ execution: RecordedTraffic.Execution) {
        while execution.account >= accounts.count {
            accounts.append(Account())
            for _ in lengths { windows.append(ChargedWindow()) }
        }
        rows += 1
        if execution.durationMs == nil { rowsWithoutDuration += 1 }
        latestMs = execution.offsetMs
        accounts[execution.account].rows += 1
    }

    mutating func deny(_ request: LoadRequest, _ problem: Problem?) {
        accounts[request.account].denied += 1
        guard let names = problem?.violatedPolicies else { return }
        for limit in limits.indices where names.contains(limits[limit].name) { denials[limit] += 1 }
    }

    /// Counts an admission.
    /// - Parameter request: the settlement to come, with its grant.
    mutating func admit(_ request: LoadRequest) {
        for (index, lengthMs) in lengths.enumerated() {
            windows[request.account * lengths.count + index].charge(
                request.grantedMs, at: request.admittedAt, lengthMs: lengthMs)
        }
        for (index, limit) in limits.enumerated() {
            guard let shape = lengths.firstIndex(of: limit.windowMs) else { continue }
            let window = windows[request.account * lengths.count + shape]
            let used = limit.meter.choose(
                executions: window.executions, executionTime: window.executionTimeMs)
            if used > peaks[index].used {
                peaks[index] = Peak(used: used, account: request.account, offsetMs: request.offsetMs)
            }
        }
    }

    /// A settlement is sent. From now on its charge may be only the settled duration.
    mutating func settle(_ request: LoadRequest) {
        if request.isStopped { stopped += 1 }
        for (index, lengthMs) in lengths.enumerated() {
            windows[request.account * lengths.count + index].giveBack(
                request.grantedMs - request.durationMs, at: request.admittedAt, lengthMs: lengthMs)
        }
    }
}
