// One row of an account's log, as the ledger's script packs it
// (Sources/RedisLedger/Scripts/Decide/log.lua).

public import Accounting
import NIOCore
import Redis

/// How an execution ended, as it is logged.
public enum LoggedOutcome: String, CaseIterable, Sendable {
    case ok
    case error
    case timeout
    case notStarted = "not-started"
    /// It was not settled before its hold expired.
    case expired
}

/// An execution that was settled, or whose hold expired.
public struct LoggedExecution: Equatable, Sendable {
    /// Its place in the log: `<ms>-<number>`; newer ones are greater.
    public let cursor: StreamID
    public let id: String
    public let label: Label
    public let admittedAt: Timestamp
    public let grantedMs: Int
    /// What it used; for an expired execution its grant, because it was charged that.
    public let durationMs: Int
    /// Nil if its runner reported none.
    public let outcome: LoggedOutcome?
    /// Nil if its runner reported none.
    public let memoryBytes: Int?

    /// When it was settled or its expiry was found.
    public var at: Timestamp { Timestamp(ms: cursor.ms) }
    public var overrunMs: Int { max(0, durationMs - grantedMs) }

    private static let outcomes: [LoggedOutcome?] = [nil, .ok, .error, .timeout, .notStarted, .expired]

    /// - Parameter entry: an entry of the stream: its id, and one field with its value.
    init(_ entry: RedisReply) throws(RedisError) {
        let parts = try entry.elements
        guard parts.count == 2, let cursor = StreamID(try parts[0].text),
            case .bulk(var row)? = try parts[1].elements.last, let read = row.readExecution()
        else { throw .unexpected("the log of an account has an entry that is not a row") }
        self.cursor = cursor
        id = read.id
        label = Label(kind: read.kind, function: read.function.isEmpty ? nil : read.function)
        admittedAt = Timestamp(ms: read.admittedAtMs)
        grantedMs = read.grantedMs
        durationMs = read.durationMs
        memoryBytes = read.memory == 0 ? nil : read.memory - 1
        guard read.outcome < Self.outcomes.count else {
            throw .unexpected("the log of an account has the unknown outcome \(read.outcome)")
        }
        outcome = Self.outcomes[read.outcome]
    }
}

/// The id of an entry of a stream.
public struct StreamID: Hashable, Comparable, Sendable, CustomStringConvertible {
    public let ms: Int
    public let number: Int

    /// - Returns: nil if it is not `<ms>-<number>`, each below 2^53.
    public init?(_ text: String) {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 2,
            parts.allSatisfy({ $0.utf8.count <= 16 && $0.utf8.allSatisfy { (0x30...0x39).contains($0) } }),
            let ms = Int(parts[0]), let number = Int(parts[1]), max(ms, number) < 1 << 53
        else { return nil }
        self.ms = ms
        self.number = number
    }

    public var description: String { "\(ms)-\(number)" }

    public static func < (one: StreamID, other: StreamID) -> Bool {
        (one.ms, one.number) < (other.ms, other.number)
    }
}

extension ByteBuffer {
    /// Reads a little-endian number of up to 7 bytes.
    fileprivate mutating func readNumber(bytes count: Int) -> Int? {
        readBytes(length: count)?.reversed().reduce(0) { $0 << 8 | Int($1) }
    }

    fileprivate mutating func readUTF8(_ length: Int) -> String? {
        do {
            return try readUTF8ValidatedString(length: length)
        } catch {
            return nil
        }
    }

    fileprivate mutating func readExecution() -> (
        outcome: Int, admittedAtMs: Int, grantedMs: Int, durationMs: Int, memory: Int, id: String,
        kind: String,
        function: String
    )? {
        guard let outcome = readNumber(bytes: 1), let admittedAtMs = readNumber(bytes: 6),
            let grantedMs = readNumber(bytes: 4), let durationMs = readNumber(bytes: 4),
            let memory = readNumber(bytes: 7), let idLength = readNumber(bytes: 1),
            let id = readUTF8(idLength), let kindLength = readNumber(bytes: 1),
            let functionLength = readNumber(bytes: 2), readNumber(bytes: 1) == 255,
            let kind = readUTF8(kindLength), let function = readUTF8(functionLength), readableBytes == 0
        else { return nil }
        return (outcome, admittedAtMs, grantedMs, durationMs, memory, id, kind, function)
    }
}
