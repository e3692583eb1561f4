// A runner's request, from any API: parsed, and not yet checked against a plan.

public import Accounting

/// One request of a runner.
public enum RunnerRequest: Sendable {
    case admit(Admission)
    case settle(ExecutionID, of: Account, durationMs: Int, ending: Ending)
    case peek(Account)

    public var account: Account {
        switch self {
        case .admit(let admission): admission.account
        case .settle(_, let account, _, _), .peek(let account): account
        }
    }
}
