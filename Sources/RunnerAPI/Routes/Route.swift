// The route of a request: what its path and method ask for, before its body is read.

import Accounting

enum Route: Equatable {
    case admit(Account)
    case settle(Account, ExecutionID)
    case peek(Account)

    var account: Account {
        switch self {
        case .admit(let account), .settle(let account, _), .peek(let account): account
        }
    }

    var takesBody: Bool {
        if case .peek = self { false } else { true }
    }
}
