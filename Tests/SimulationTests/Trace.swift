// A recording of executions, with the verdicts that an exact sliding log gave under several rules. The rows
// of an account stand together here, since accounts share nothing.

import Foundation
import Testing

struct Trace: Sendable {
    struct Row: Sendable {
        let offsetMs: Int
        /// 0 where the recording has none.
        let durationMs: Int
        /// The row's place in the recording, and so in its table of verdicts.
        let index: Int
    }

    let name: String
    /// The rows of each account in their order; the quietest account is first.
    private(set) var accounts: [[Row]] = []
    /// How many rows the whole recording has.
    let recordedRows: Int
    let verdicts: VerdictTable

    var rowCount: Int { accounts.reduce(0) { $0 + $1.count } }
    var isWhole: Bool { rowCount == recordedRows }

    /// - Parameters:
    ///   - rows: a table `offset_ms,account,function,duration_ms`.
    ///   - verdicts: a table of as many rows, a column for each rule.
    ///   - mostRows: when there are more, whole accounts are taken, the quietest first, up to a third of it.
    init(name: String, rows: [UInt8], verdicts: [UInt8], mostRows: Int) throws {
        var reader = TableReader(rows)
        try #require(reader.header() == ["offset_ms", "account", "function", "duration_ms"], "\(name)")
        var places: [Int: Int] = [:]
        var accounts: [[Row]] = []
        var count = 0
        while !reader.isAtEnd {
            let offsetMs = try reader.number()
            let account = try reader.name()
            _ = try reader.name()
            let row = Row(offsetMs: offsetMs, durationMs: try reader.number(), index: count)
            count += 1
            if let place = places[account] {
                accounts[place].append(row)
            } else {
                places[account] = accounts.count
                accounts.append([row])
            }
        }
        self.name = name
        self.recordedRows = count
        self.verdicts = try VerdictTable(verdicts, rows: count, of: name)
        var taken = 0
        let most = count > mostRows ? mostRows / 3 : count
        for account in accounts.sorted(by: { $0.count < $1.count }) where taken + account.count <= most {
            self.accounts.append(account)
            taken += account.count
        }
    }
}

/// The known verdicts: a header of rules, then `0` or `1` for each of them in every row.
struct VerdictTable: Sendable {
    let rules: [TraceRule]
    private let bytes: [UInt8]
    private let start: Int

    init(_ bytes: [UInt8], rows: Int, of name: String) throws {
        var reader = TableReader(bytes)
        rules = try reader.header().map { try #require(TraceRule($0), "\(name): \($0) is no rule") }
        start = reader.next
        self.bytes = bytes
        try #require(bytes.count - start == rows * 2 * rules.count, "\(name): not \(rows) rows of verdicts")
    }

    func isAdmitted(_ row: Trace.Row, by column: Int) -> Bool {
        let verdict = bytes[start + 2 * (row.index * rules.count + column)]
        precondition(verdict == UInt8(ascii: "0") || verdict == UInt8(ascii: "1"))
        return verdict == UInt8(ascii: "1")
    }
}

/// The rule of a column of verdicts, `cost:limit[:closed]`; the window is always 60 s.
struct TraceRule: Sendable, CustomStringConvertible {
    static let windowMs = 60_000

    let description: String
    /// Each execution costs its whole duration in ms, and otherwise 1.
    let costsTime: Bool
    /// A count, or ms.
    let amount: Int
    /// An admission exactly one window old is still inside. Ours is open: it is outside.
    let isClosed: Bool

    init?(_ text: String) {
        let parts = text.split(separator: ":")
        guard (2...3).contains(parts.count), parts[0] == "n" || parts[0] == "s", let limit = Int(parts[1]),
            parts.count == 2 || parts[2] == "closed"
        else { return nil }
        description = text
        costsTime = parts[0] == "s"
        amount = costsTime ? limit * 1_000 : limit
        isClosed = parts.count == 3
    }

    func cost(of row: Trace.Row) -> Int { costsTime ? row.durationMs : 1 }
}

/// Reads comma-separated fields without quotes, one after the other; every line ends with a line feed. In
/// debug builds the C library is much faster at this than a loop over bytes, and some recordings are long.
struct TableReader {
    private let bytes: [UInt8]
    private let end: Int
    private(set) var next = 0

    init(_ bytes: [UInt8]) {
        end = bytes.count
        // So that every number ends.
        self.bytes = bytes + [0]
    }

    var isAtEnd: Bool { next >= end }

    mutating func header() -> [String] {
        let line = bytes.prefix { $0 != UInt8(ascii: "\n") }
        next = line.count + 1
        return String(decoding: line, as: UTF8.self).split(separator: ",").map(String.init)
    }

    /// A whole number; 0 for an empty field.
    mutating func number() throws -> Int { try number(base: 10) }

    /// A field of a letter and ten hex digits, as the number of those digits.
    mutating func name() throws -> Int {
        next += 1
        return try number(base: 16)
    }

    private mutating func number(base: Int32) throws -> Int {
        guard !isSeparator(bytes[next]) else {
            next += 1
            return 0
        }
        let (number, count) = bytes.withUnsafeBytes { all in
            let start = all.baseAddress!.assumingMemoryBound(to: CChar.self) + next
            var stop: UnsafeMutablePointer<CChar>?
            let number = strtol(start, &stop, base)
            return (number, stop! - UnsafeMutablePointer(mutating: start))
        }
        next += count + 1
        guard count > 0, isSeparator(bytes[next - 1]) else {
            throw Unexpected(what: "no number before byte \(next)")
        }
        return number
    }

    private func isSeparator(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: ",") || byte == UInt8(ascii: "\n")
    }
}
