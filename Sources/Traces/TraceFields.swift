// Splits one row into the needed fields. Nothing is copied: a field is a range of the bytes that
// were read, without its quotes if it has any (RFC 4180).

/// The needed fields of one row, as ranges of the bytes.
struct TraceFields {
    private(set) var offset = 0..<0
    private(set) var account = 0..<0
    private(set) var function = 0..<0
    private(set) var duration = 0..<0
    /// The whole row, without its line feed; a blank row has no fields.
    private(set) var line = 0..<0
    /// The offset of its line feed.
    private(set) var end = 0
    /// The number of line feeds within its quotes.
    private(set) var breaks = 0

    /// - Returns: nil if the end of the row has not been read yet.
    init?(in bytes: [UInt8], from start: Int, _ columns: TraceColumns, line number: Int) throws(TraceError) {
        var column = 0
        var fieldStart = start
        var at = start
        while at < bytes.count {
            let byte = bytes[at]
            if byte == UInt8(ascii: ",") {
                try readField(fieldStart..<at, of: bytes, as: column, columns, line: number)
                column += 1
                fieldStart = at + 1
            } else if byte == UInt8(ascii: "\n") {
                break
            } else if byte == UInt8(ascii: "\""), at == fieldStart {
                // The bytes after the closing quote are checked when the field is read.
                guard let close = closing(from: at + 1, in: bytes) else { return nil }
                at = close
            }
            at += 1
        }
        guard at < bytes.count else { return nil }
        let returns = at > start && bytes[at - 1] == UInt8(ascii: "\r")
        end = at
        line = start..<(returns ? at - 1 : at)
        guard !line.isEmpty else { return }
        try readField(fieldStart..<line.upperBound, of: bytes, as: column, columns, line: number)
        guard column + 1 == columns.names.count else {
            throw TraceError(
                line: number, "has \(column + 1) columns, and the header has \(columns.names.count)")
        }
        guard line.count <= TraceReader.longestLine else {
            throw TraceError(
                line: number, "has more than \(TraceReader.longestLine) bytes, so it is not a trace")
        }
    }

    /// The offset of the quote that ends a field; a doubled quote is a quote within it.
    private mutating func closing(from start: Int, in bytes: [UInt8]) -> Int? {
        var at = start
        while at < bytes.count {
            if bytes[at] == UInt8(ascii: "\n") { breaks += 1 }
            if bytes[at] == UInt8(ascii: "\"") {
                guard at + 1 < bytes.count else { return nil }
                if bytes[at + 1] != UInt8(ascii: "\"") { return at }
                at += 1
            }
            at += 1
        }
        return nil
    }

    private mutating func readField(
        _ whole: Range<Int>, of bytes: [UInt8], as column: Int, _ columns: TraceColumns, line number: Int
    ) throws(TraceError) {
        var field = whole
        if let first = whole.first, bytes[first] == UInt8(ascii: "\"") {
            guard whole.count > 1, bytes[whole.upperBound - 1] == UInt8(ascii: "\"") else {
                throw TraceError(
                    line: number,
                    "column \(column + 1) has text after its closing quote; a quote within quotes must be doubled"
                )
            }
            field = first + 1..<whole.upperBound - 1
        }
        if column == columns.offset {
            offset = field
        } else if column == columns.account {
            account = field
        } else if column == columns.duration {
            duration = field
        } else if column == columns.function {
            function = field
        }
    }
}
