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

    /// The reply to `TIME`, in ms since 1970.
    var timeMs: Int {
        get throws(RedisError) {
            let time = try elements
            guard time.count == 2 else { throw .unexpected("TIME has two parts") }
            return try time[0].integer * 1_000 + time[1].integer / 1_000
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

    /// The pairs of a flat array of names and values, as `HGETALL` replies.
    public var pairs: [(name: RedisReply, value: RedisReply)] {
        get throws(RedisError) {
            let elements = try elements
            return stride(from: 0, to: elements.count - 1, by: 2).map { (elements[$0], elements[$0 + 1]) }
        }
    }

    /// The text under a name in a flat array of names and values; nil: there is none, or this is
    /// something else.
    public func value(of name: String) -> String? {
        guard case .array(let items) = self else { return nil }
        for index in stride(from: 0, to: items.count - 1, by: 2) {
            guard case .bulk(let key) = items[index], case .bulk(let value) = items[index + 1] else {
                continue
            }
            if String(buffer: key) == name { return String(buffer: value) }
        }
        return nil
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
