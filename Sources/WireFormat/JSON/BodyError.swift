// What is wrong with a body, for the person who sent it.

/// Why bytes are not a valid body. Its description becomes a problem's `detail`.
public enum BodyError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Not a JSON document, or not an object: `expected ',' or '}' at byte 17`.
    case malformedJSON(JSONError)
    /// One field breaks its rule. `bound` is what it must be, `found` what it is (at most about 64
    /// bytes of it): `durationMs must be an integer from 0 to 2678400000 (ms), found "84"`.
    case malformedField(BodyField, bound: String, found: String)

    public var description: String {
        switch self {
        case .malformedJSON(let error): "\(error)"
        case .malformedField(let field, let bound, let found):
            "\(field.name) must be \(bound), found \(found)"
        }
    }

    /// A required field is missing or null.
    static func missing(_ field: BodyField, among seen: FieldSet) -> BodyError {
        .malformedField(field, bound: "\(field.rule)", found: seen.contains(field) ? "null" : "nothing")
    }
}
