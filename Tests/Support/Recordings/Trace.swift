// A recording of executions, with the verdicts that an exact sliding log gave under several rules.
// The rows of an account are together here, because accounts share nothing.

public import Traces

public struct Trace: Sendable {
    public struct Row: Sendable {
        public let offsetMs: Int
        /// 0 where the recording has none.
        public let durationMs: Int
        /// The row's place in the recording, and so in its table of verdicts.
        public let index: Int
    }

    /// The header of a trace with the columns that are needed.
    public static let head = "offset_ms,account,function,duration_ms\n"

    public let name: String
    /// The rows of each account in their order; the quietest account is first.
    public private(set) var accounts: [[Row]] = []
    /// How many rows the whole recording has.
    public let recordedRows: Int
    public let verdicts: VerdictTable

    public var rowCount: Int { accounts.reduce(0) { $0 + $1.count } }
    public var isWhole: Bool { rowCount == recordedRows }

    /// - Parameters:
    ///   - rows: the recording.
    ///   - verdicts: a table of as many rows, a column for each rule.
    ///   - mostRows: when there are more, whole accounts are taken, the quietest first, up to a
    ///     third of it.
    public init(name: String, rows: consuming TraceReader, verdicts: [UInt8], mostRows: Int) throws {
        var accounts: [[Row]] = []
        var count = 0
        while let row = try rows.next() {
            if row.account == accounts.count { accounts.append([]) }
            accounts[row.account].append(
                Row(offsetMs: row.offsetMs, durationMs: row.durationMs ?? 0, index: count))
            count += 1
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
public struct VerdictTable: Sendable {
    public let rules: [TraceRule]
    private let bytes: [UInt8]
    private let start: Int

    public init(_ bytes: [UInt8], rows: Int, of name: String) throws {
        let header = bytes.prefix { $0 != UInt8(ascii: "\n") }
        rules = try String(decoding: header, as: UTF8.self).split(separator: ",").map { text in
            guard let rule = TraceRule(String(text)) else { throw TraceError("\(name): \(text) is no rule") }
            return rule
        }
        start = header.count + 1
        self.bytes = bytes
        guard bytes.count - start == rows * 2 * rules.count else {
            throw TraceError("\(name): not \(rows) rows of verdicts")
        }
    }

    /// - Parameter row: its place in the recording, counted from 0.
    public func isAdmitted(_ row: Int, by column: Int) -> Bool {
        let verdict = bytes[start + 2 * (row * rules.count + column)]
        precondition(verdict == UInt8(ascii: "0") || verdict == UInt8(ascii: "1"))
        return verdict == UInt8(ascii: "1")
    }
}

/// The rule of a column of verdicts, `cost:limit[:closed]`; the window is always 60 s.
public struct TraceRule: Sendable, CustomStringConvertible {
    public static let windowMs = 60_000

    public let description: String
    /// Each execution costs its whole duration in ms, and otherwise 1.
    public let costsTime: Bool
    /// A count, or ms.
    public let amount: Int
    /// An admission exactly one window old is still inside. Ours is open: it is outside.
    public let isClosed: Bool

    public init?(_ text: String) {
        let parts = text.split(separator: ":")
        guard (2...3).contains(parts.count), parts[0] == "n" || parts[0] == "s", let limit = Int(parts[1]),
            parts.count == 2 || parts[2] == "closed"
        else { return nil }
        description = text
        costsTime = parts[0] == "s"
        amount = costsTime ? limit * 1_000 : limit
        isClosed = parts.count == 3
    }

    public func cost(of row: Trace.Row) -> Int { costsTime ? row.durationMs : 1 }
}
