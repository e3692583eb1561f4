// A second parser of RESP2, as slow and plain as possible, for tests to compare the decoder with.
// Written from the protocol's description, with the decoder's documented bound on nesting.

import NIOCore

@testable import Redis

/// The replies that a stream begins with, and how it goes on.
struct StrictReplies {
    enum Ending { case complete, incomplete, broken }

    private(set) var replies: [RedisReply] = []
    private(set) var ending = Ending.complete
    private var rest: ArraySlice<UInt8>

    private enum Stop: Error { case incomplete, broken }

    init(_ bytes: [UInt8]) {
        rest = bytes[...]
        while !rest.isEmpty, ending == .complete {
            do throws(Stop) {
                replies.append(try reply(depth: 0))
            } catch {
                ending = error == .broken ? .broken : .incomplete
            }
        }
    }

    private mutating func reply(depth: Int) throws(Stop) -> RedisReply {
        guard let type = rest.first else { throw .incomplete }
        guard "+-:$*".utf8.contains(type) else { throw .broken }
        // hiredis keeps the way to a value in nine places: eight arrays and what is in the last.
        let line = try line()
        let text = String(decoding: line, as: UTF8.self)
        switch UnicodeScalar(type) {
        case "+": return .status(text)
        case "-": return .error(text)
        case ":": return .integer(try integer(line, atMost: .max))
        case "$": return try bulk(integer(line, atMost: .max, atLeast: -1))
        default:
            guard depth < 8 else { throw .broken }
            let count = try integer(line, atMost: Int(Int32.max), atLeast: -1)
            guard count >= 0 else { return .null }
            var elements: [RedisReply] = []
            while elements.count < count { elements.append(try reply(depth: depth + 1)) }
            return .array(elements)
        }
    }

    /// What is between the type and the end of the line.
    private mutating func line() throws(Stop) -> ArraySlice<UInt8> {
        guard let end = rest.indices.dropLast().first(where: { rest[$0] == 0x0D && rest[$0 + 1] == 0x0A })
        else { throw .incomplete }
        defer { rest = rest[(end + 2)...] }
        return rest[(rest.startIndex + 1)..<end]
    }

    /// Digits as a machine writes them: no blanks, no plus, no zeros ahead.
    private func integer(
        _ line: ArraySlice<UInt8>, atMost most: Int, atLeast least: Int = .min
    ) throws(Stop) -> Int {
        let text = String(decoding: line, as: UTF8.self)
        guard let number = Int(text), "\(number)" == text, (least...most).contains(number) else {
            throw .broken
        }
        return number
    }

    private mutating func bulk(_ count: Int) throws(Stop) -> RedisReply {
        guard count >= 0 else { return .null }
        guard rest.count - 2 >= count else { throw .incomplete }
        let end = rest.startIndex + count
        guard rest[end] == 0x0D, rest[end + 1] == 0x0A else { throw .broken }
        defer { rest = rest[(end + 2)...] }
        return .bulk(ByteBuffer(bytes: rest[..<end]))
    }
}
