// One execution of a trace.

/// A row. Its ranges refer to ``TraceReader/bytes``, and are valid until the next row is read.
public struct TraceRow: Equatable, Sendable {
    /// The line's number; the header is 1.
    public var line: Int
    /// When the execution starts, in ms from the start of the trace; 0 to the upper bound of
    /// ``TraceReader/offsetsMs``.
    public var offsetMs: Int
    /// The number of the account's name in ``TraceReader/accounts``.
    public var account: Int
    /// How long it runs, in ms, within the bounds of the offset; nil if the trace has no value.
    public var durationMs: Int?
    public var functionBytes: Range<Int>
    /// The whole line without its line feed.
    public var lineBytes: Range<Int>
}
