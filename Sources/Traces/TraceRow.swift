// One execution of a trace, as its reader gives it.

/// A row. Its ranges are places in ``TraceReader/bytes``, and hold until the next row is read.
public struct TraceRow: Equatable, Sendable {
    /// The line's number, counted from 1, which is the header.
    public var line: Int
    /// When the execution starts, in ms from the beginning of the trace; 0 to
    /// ``TraceReader/offsetsMs``' end.
    public var offsetMs: Int
    /// Whose it is: the number of a name in ``TraceReader/accounts``.
    public var account: Int
    /// How long it runs, in ms, in the same bounds as the offset; nil where the trace has none.
    public var durationMs: Int?
    public var functionBytes: Range<Int>
    /// The whole line without its end.
    public var lineBytes: Range<Int>
}
