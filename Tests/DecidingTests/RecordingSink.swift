// A minimal API for runners: it records the decisions.

import Accounting
import Deciding

final class RecordingSink: DecisionSink {
    private(set) var decisions: [Decision] = []
    private(set) var accounts: [Account] = []

    override func decided(_ decision: Decision, about account: Account) {
        decisions.append(decision)
        accounts.append(account)
    }

    /// The decisions without their numbers.
    var verdicts: [String] { decisions.map(Self.verdict) }

    private static func verdict(_ decision: Decision) -> String {
        switch decision {
        case .admitted(let admitted, _): admitted.isRepeat ? "held" : "admitted"
        case .denied(let denial, _, let standing):
            "denied by "
                + standing.plan.limits.indices.filter(denial.violates)
                .map { standing.plan.limits[$0].name }.joined(separator: ", ")
        case .settled: "settled"
        case .notHeld: "not held"
        case .peeked: "peeked"
        case .refused: "refused"
        case .unavailable(.noRoom, _): "no room"
        case .unavailable: "unavailable"
        case .degraded: "degraded"
        }
    }
}
