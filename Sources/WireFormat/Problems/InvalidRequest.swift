// A request that must not be sent: the client's fault, not an outage.

/// A request that was not sent, because its address, its token or a name in its path is invalid.
/// Repeating it does not help. A token is never shown.
public struct InvalidRequest: Error, Hashable, Sendable, CustomStringConvertible {
    public let description: String

    /// A text that is neither `http://HOST:PORT` nor `https://HOST:PORT`. It may contain a
    /// password, so it is not repeated.
    public static let url = InvalidRequest(
        description: "the URL is invalid. Write http://HOST:PORT or https://HOST:PORT")

    public init(description: String) { self.description = description }

    /// - Throws: if the token is invalid.
    public static func token(_ text: String?) throws(InvalidRequest) -> BearerToken? {
        do throws(BearerTokenError) {
            return try text.map { text throws(BearerTokenError) in try BearerToken(text) }
        } catch {
            throw InvalidRequest(description: "\(error)")
        }
    }

    /// - Throws: if the value of a header field has a control character. The value is not repeated.
    public static func check(_ value: String, ofHeader name: String) throws(InvalidRequest) {
        if value.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F }) {
            throw InvalidRequest(description: "the value of \(name) is invalid: it has a control character")
        }
    }

    /// - Throws: if `value` breaks the field's rule.
    public static func check(_ field: BodyField, _ value: String) throws(InvalidRequest) {
        guard field.rule.allows(value) else {
            throw InvalidRequest(description: "the \(field.name) is invalid: it must be \(field.rule)")
        }
    }
}
