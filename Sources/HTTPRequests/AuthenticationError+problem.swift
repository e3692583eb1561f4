// The reply to a request without a valid token, the same in both APIs.

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
