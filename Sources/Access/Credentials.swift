// What an `Authorization` field says (RFC 9110, section 11.4; RFC 6750, section 2.1). Whether
// anybody believes it is not decided here.

import WireFormat

/// The value of an `Authorization` field.
public enum Credentials: Equatable, Sendable {
    /// `Bearer` and a token that has the form of one.
    case bearer(Substring)
    /// `Basic` and what follows, still in base64.
    case basic(Substring)
    /// `Bearer` and something that is no token.
    case malformed
    /// Another scheme.
    case foreign

    public init(_ field: String) {
        let value = field[...].trimmed
        let scheme = value.prefix { $0 != " " }
        let rest = value[scheme.endIndex...].drop { $0 == " " }
        switch scheme.lowercased() {
        case "bearer": self = BearerToken.isToken(rest) ? .bearer(rest) : .malformed
        case "basic" where !rest.isEmpty: self = .basic(rest)
        default: self = .foreign
        }
    }
}

/// What a `WWW-Authenticate` field says about a request that was refused (RFC 6750, section 3).
public enum Challenge: Sendable, Equatable {
    /// 401: the request came without a bearer token.
    case tokenMissing
    /// 401: nobody's token, or no token at all.
    case tokenInvalid
    /// 403: the token is known and may not do this.
    case scopeMissing(Scope)
    /// 403: the token is known and speaks for other accounts.
    case accountForbidden

    public var field: String {
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

extension Substring {
    fileprivate var trimmed: Substring {
        let head = drop { $0 == " " || $0 == "\t" }
        guard let last = head.lastIndex(where: { $0 != " " && $0 != "\t" }) else { return "" }
        return head[...last]
    }
}
