// Any JSON, for values that are passed on unread.

public enum JSONValue: Codable, Hashable, Sendable {
    case null
    case boolean(Bool)
    case integer(Int)
    case number(Double)
    case string(String)
    case array([JSONValue])
    case object([String: JSONValue])

    public init(from decoder: any Decoder) throws {
        let value = try decoder.singleValueContainer()
        if value.decodeNil() {
            self = .null
        } else if let known = try? value.decode(Bool.self) {
            self = .boolean(known)
        } else if let known = try? value.decode(Int.self) {
            self = .integer(known)
        } else if let known = try? value.decode(Double.self) {
            self = .number(known)
        } else if let known = try? value.decode(String.self) {
            self = .string(known)
        } else if let known = try? value.decode([JSONValue].self) {
            self = .array(known)
        } else {
            self = .object(try value.decode([String: JSONValue].self))
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .null: try container.encodeNil()
        case .boolean(let value): try container.encode(value)
        case .integer(let value): try container.encode(value)
        case .number(let value): try container.encode(value)
        case .string(let value): try container.encode(value)
        case .array(let value): try container.encode(value)
        case .object(let value): try container.encode(value)
        }
    }
}
