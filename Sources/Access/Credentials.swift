// The content of an `Authorization` field (RFC 9110, section 11.4; RFC 6750, section 2.1). It is
// not checked here.

import WireFormat

/// The value of an `Authorization` field.
public enum Credentials: Equatable, Sendable {
    /// `Bearer` and a well-formed token.
    case bearer(Substring)
    /// `Basic` and its value, still in base64.
    case basic(Substring)
    /// `Bearer` and something that is not a token.
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

extension Substring {
    fileprivate var trimmed: Substring {
        let head = drop { $0 == " " || $0 == "\t" }
        guard let last = head.lastIndex(where: { $0 != " " && $0 != "\t" }) else { return "" }
        return head[...last]
    }
}
