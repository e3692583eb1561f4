// Why a request is not authenticated or not authorized, as `WWW-Authenticate` and the problem's
// detail say it.

/// The token of a request is missing, unknown, or does not permit it.
public enum AuthenticationError: Error, Equatable {
    /// 401: the request came without a bearer token.
    case tokenMissing
    /// 401: nobody's token, or no token at all.
    case tokenInvalid
    /// 403: the token is known and may not do this.
    case scopeMissing(Scope)
    /// 403: the token is known and speaks for other accounts.
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
        case .tokenMissing: "a token is needed: Authorization: Bearer TOKEN"
        case .tokenInvalid: "the token is not known; it may have been revoked"
        case .scopeMissing(let scope): "the token does not have the scope \(scope.rawValue)"
        case .accountForbidden: "the token may not speak for this account"
        }
    }
}
