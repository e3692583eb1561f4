// The value of a reply, for callers that know its type.

import NIOCore

extension RedisReply {
    /// The text of a status or a byte string; bytes that are not UTF-8 are replaced.
    /// - Throws: ``RedisError/unexpected(_:)`` for any other reply.
    public var text: String {
        get throws(RedisError) {
            switch self {
            case .status(let text): return text
            case .bulk(let bytes): return String(buffer: bytes)
            default: throw .unexpected("a text was expected, not \(kind)")
            }
        }
    }

    /// Like ``text``; nil for null.
    public var optionalText: String? {
        get throws(RedisError) { self == .null ? nil : try text }
    }

    /// An integer, or a text that is one.
    public var integer: Int {
        get throws(RedisError) {
            if case .integer(let number) = self { return number }
            guard let number = Int(try text) else {
                throw .unexpected("a whole number was expected, not \(kind)")
            }
            return number
        }
    }

    public var elements: [RedisReply] {
        get throws(RedisError) {
            guard case .array(let elements) = self else {
                throw .unexpected("an array was expected, not \(kind)")
            }
            return elements
        }
    }

    private var kind: String {
        switch self {
        case .status: "a status"
        case .error: "an error"
        case .integer: "a number"
        case .bulk: "a byte string"
        case .null: "null"
        case .array: "an array"
        }
    }
}
