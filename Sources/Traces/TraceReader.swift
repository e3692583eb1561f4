// Reads a trace: bytes in, rows out, one after another. It keeps only a piece of the file and the
// names of the accounts, so a trace may have any length. docs/LOAD.md describes the format.

/// A trace, read row by row. Rows must be sorted by their offset.
public struct TraceReader {
    /// Appends some bytes of the trace; false, with none appended, at its end.
    public typealias Source = (inout [UInt8]) throws(TraceError) -> Bool

    /// Offsets and durations, in ms: up to 2^42, about 139 years.
    public static let offsetsMs = 0...4_398_046_511_104
    /// The maximum number of bytes in a line.
    public static let longestLine = 65_536
    /// The maximum number of accounts in a trace.
    public static let mostAccounts = 5_000_000

    private let source: Source
    private let columns: TraceColumns
    /// Bytes that were read but not yet returned as rows, and the latest row.
    public private(set) var bytes: [UInt8] = []
    /// The names of the accounts so far, in order of appearance.
    public private(set) var accounts: NameInterner
    /// The offset of the next line.
    private var start = 0
    private var line = 1
    private var latestMs = 0
    private var isAtEnd = false

    /// Reads the header.
    public init(_ source: @escaping Source) throws(TraceError) {
        try self.init(source, mostAccounts: Self.mostAccounts)
    }

    init(_ source: @escaping Source, mostAccounts: Int) throws(TraceError) {
        var bytes: [UInt8] = []
        var end: Int?
        while end == nil, try source(&bytes) {
            end = TraceColumns.end(in: bytes)
            guard (end ?? bytes.count) <= Self.longestLine else { throw Self.tooLong(line: 1) }
        }
        guard !bytes.isEmpty else { throw TraceError("the trace is empty") }
        let header = bytes[..<(end ?? bytes.count)]
        columns = try TraceColumns(header: header.last == UInt8(ascii: "\r") ? header.dropLast() : header)
        start = min(bytes.count, header.count + 1)
        line += header.count { $0 == UInt8(ascii: "\n") }
        accounts = NameInterner(maximum: mostAccounts)
        self.bytes = bytes
        self.source = source
    }

    /// Reads a trace in memory.
    public init(_ bytes: [UInt8]) throws(TraceError) {
        var rest: [UInt8]? = bytes
        try self.init { (buffer: inout [UInt8]) throws(TraceError) -> Bool in
            guard let bytes = rest.take(), !bytes.isEmpty else { return false }
            buffer += bytes
            return true
        }
    }

    /// The names of the columns, in order.
    public var header: [String] { columns.names }

    /// The next row; nil at the end.
    /// - Throws: ``TraceError`` at the first line that is damaged or out of order. The reader is
    ///   unusable afterwards.
    public mutating func next() throws(TraceError) -> TraceRow? {
        while true {
            guard let fields = try TraceFields(in: bytes, from: start, columns, line: line + 1) else {
                if try fill() { continue }
                guard start >= bytes.count else {
                    throw TraceError(line: line + 1, "a quote is not closed")
                }
                return nil
            }
            line += 1
            start = fields.end + 1
            let row = try fields.line.isEmpty ? nil : row(fields)
            line += fields.breaks
            if let row { return row }
        }
    }

    private mutating func row(_ fields: TraceFields) throws(TraceError) -> TraceRow {
        guard let offsetMs = try number(fields.offset, of: "offset_ms") else {
            throw TraceError(line: line, "offset_ms is empty")
        }
        guard offsetMs >= latestMs else {
            throw TraceError(
                line: line, "offset_ms \(offsetMs) comes after \(latestMs); sort the rows by offset_ms")
        }
        // Some programs write NA for a missing value.
        let isMissing = bytes[fields.duration].elementsEqual("NA".utf8)
        let durationMs = try isMissing ? nil : number(fields.duration, of: "duration_ms")
        guard !fields.account.isEmpty else { throw TraceError(line: line, "account is empty") }
        guard let account = try account(fields.account) else {
            throw TraceError(line: line, "has one more than \(accounts.count) accounts; split the trace")
        }
        latestMs = offsetMs
        return TraceRow(
            line: line, offsetMs: offsetMs, account: account, durationMs: durationMs,
            functionBytes: fields.function, lineBytes: fields.line)
    }

    /// Reads more bytes of a line.
    /// - Returns: false if there are none.
    private mutating func fill() throws(TraceError) -> Bool {
        guard !isAtEnd else { return false }
        guard bytes.count - start <= Self.longestLine else { throw Self.tooLong(line: line + 1) }
        bytes.removeFirst(start)
        start = 0
        if try source(&bytes) { return true }
        isAtEnd = true
        // The last line may lack its line feed.
        guard !bytes.isEmpty else { return false }
        bytes.append(UInt8(ascii: "\n"))
        return true
    }

    /// A whole number; nil for an empty field.
    private func number(_ field: Range<Int>, of column: String) throws(TraceError) -> Int? {
        guard !field.isEmpty else { return nil }
        var number = 0
        for index in field {
            let digit = Int(bytes[index]) - 48
            guard 0...9 ~= digit, number <= Self.offsetsMs.upperBound / 10 else {
                return try rareNumber(field, of: column)
            }
            number = number * 10 + digit
        }
        return number <= Self.offsetsMs.upperBound ? number : try rareNumber(field, of: column)
    }

    /// A number that is not only digits, or has many zeros.
    private func rareNumber(_ field: Range<Int>, of column: String) throws(TraceError) -> Int {
        guard let number = TraceNumber.value(of: bytes[field], in: Self.offsetsMs) else {
            throw TraceError(
                line: line, "\(column) must be a whole number of ms from 0 to \(Self.offsetsMs.upperBound)")
        }
        return number
    }

    /// The number of a name, with or without quotes.
    private mutating func account(_ field: Range<Int>) throws(TraceError) -> Int? {
        let quote = UInt8(ascii: "\"")
        guard field.lowerBound > 0, bytes[field.lowerBound - 1] == quote else {
            return accounts.number(of: bytes, at: field)
        }
        guard !bytes[field].contains(UInt8(ascii: "\n")) else {
            throw TraceError(line: line, "account has a line break within its quotes; rename it")
        }
        guard bytes[field].contains(quote) else { return accounts.number(of: bytes, at: field) }
        // A doubled quote is a quote.
        var name: [UInt8] = []
        var rest = bytes[field]
        while let byte = rest.popFirst() {
            name.append(byte)
            if byte == quote { rest = rest.dropFirst() }
        }
        return accounts.number(of: name, at: name.indices)
    }

    private static func tooLong(line: Int) -> TraceError {
        TraceError(line: line, "has more than \(longestLine) bytes, so it is not a trace")
    }
}
