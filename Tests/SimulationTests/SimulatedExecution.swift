// One execution from its runner's side: it asks until it is answered, runs, and settles until that
// is answered.

import Accounting

struct SimulatedExecution {
    enum Phase { case asking, running, settling, over }

    /// What a runner was given and made of it.
    struct Run {
        let id: ExecutionID
        /// nil when it was admitted without the ledger (`degraded`).
        let grant: Grant?
        let durationMs: Int
        var receipt: Receipt?
    }

    static let mostAttempts = 5

    let account: Account
    let kind: String
    let maxDurationMs: Int?
    let minDurationMs: Int?
    /// nil while the service shall make one and has not told it.
    var id: ExecutionID?
    var phase = Phase.asking
    /// Of the phase.
    var attempts = 0
    var run: Run?

    /// What is sent in this phase.
    var content: Letter.Content {
        if phase == .settling, let run { return .settle(run.id, durationMs: run.durationMs) }
        return .start(
            Admission(
                account: account, id: id, kind: kind, maxDurationMs: maxDurationMs,
                minDurationMs: minDurationMs))
    }
}

/// A request on its way from a runner to a process, and what its reply belongs to.
struct Letter {
    enum Content {
        case start(Admission)
        case settle(ExecutionID, durationMs: Int)
    }

    let errand: Int
    let attempt: Int
    let account: Account
    let content: Content
}

extension Letter: CustomStringConvertible {
    var description: String {
        switch content {
        case .start(let wish):
            """
            errand \(errand), attempt \(attempt): start \(wish.id?.name ?? "without id") of \(account), \
            \(wish.maxDurationMs?.description ?? "any") ms
            """
        case .settle(let id, let durationMs):
            "errand \(errand), attempt \(attempt): settle \(id) of \(account), \(durationMs) ms"
        }
    }
}
