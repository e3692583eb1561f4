// What a request asks for by its path and method, before its body is read.

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
