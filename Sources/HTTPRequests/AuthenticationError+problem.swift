// What is answered to a request without a good token, the same at both APIs.

public import Access
public import WireFormat

extension AuthenticationError {
    /// 401 or 403.
    public var problemType: ProblemType {
        switch self {
        case .tokenMissing, .tokenInvalid: .unauthorized
        case .scopeMissing: .forbidden
        case .accountForbidden: .accountForbidden
        }
    }
}
