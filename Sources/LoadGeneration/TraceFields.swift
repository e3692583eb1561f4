// Cuts one line into the fields that are needed. Nothing is copied: a field is a range of the bytes that were read.

/// The needed fields of one line, as places in the bytes.
struct TraceFields {
    private(set) var offset = 0..<0
    private(set) var account = 0..<0
    private(set) var function = 0..<0
    private(set) var duration = 0..<0
    /// The whole line, without its end; a blank one has no fields.
    private(set) var line = 0..<0
    /// Where its line feed stands.
    private(set) var end = 0

    /// - Returns: nil when the line has no end yet.
    init?(in bytes: [UInt8], from start: Int, _ columns: TraceColumns, line number: Int) throws(TraceError) {
        var column = 0
        var fieldStart = start
        var at = start
        while at < bytes.count {
            let byte = bytes[at]
            if byte == UInt8(ascii: ",") {
                take(fieldStart..<at, as: column, columns)
                column += 1
                fieldStart = at + 1
            } else if byte == UInt8(ascii: "\n") {
                break
            }
            at += 1
        }
        guard at < bytes.count else { return nil }
        let returns = at > start && bytes[at - 1] == UInt8(ascii: "\r")
        end = at
        line = start..<(returns ? at - 1 : at)
        guard !line.isEmpty else { return }
        take(fieldStart..<line.upperBound, as: column, columns)
        guard column + 1 == columns.names.count else {
            throw TraceError(
                line: number, "has \(column + 1) columns, and the header has \(columns.names.count)")
        }
        guard line.count <= TraceReader.longestLine else {
            throw TraceError(
                line: number, "has more than \(TraceReader.longestLine) bytes, so it is no trace")
        }
    }

    private mutating func take(_ field: Range<Int>, as column: Int, _ columns: TraceColumns) {
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
