// Why a request is not authenticated or not authorized, for `WWW-Authenticate` and the problem's
// detail.

/// The token of a request is missing, unknown, or does not permit it.
public enum AuthenticationError: Error, Equatable {
    /// 401: the request came without a bearer token.
    case tokenMissing
    /// 401: the token is unknown, or not a token.
    case tokenInvalid
    /// 403: the token is known, but its scope does not allow this.
    case scopeMissing(Scope)
    /// 403: the token is known, but for other accounts.
    case accountForbidden

    /// The value of the `WWW-Authenticate` field (RFC 6750, section 3).
    public var challenge: String {
        switch self {
        case .tokenMissing: #"Bearer realm="stint""#
        case .tokenInvalid: #"Bearer realm="stint", error="invalid_token""#
        case .scopeMissing(let scope):
            #"Bearer realm="stint", error="insufficient_scope", scope="\#(scope.rawValue)""#
        case .accountForbidden: #"Bearer realm="stint", error="insufficient_scope""#
        }
    }

    /// For people: what is wrong, and what to send.
    public var detail: String {
        switch self {
        case .tokenMissing: "the token is missing; send Authorization: Bearer TOKEN"
        case .tokenInvalid: "the token is unknown; it may have been revoked"
        case .scopeMissing(let scope): "the token does not have the scope \(scope.rawValue)"
        case .accountForbidden: "the token is not for this account"
        }
    }
}
