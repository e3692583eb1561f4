// The one error of traces: what is wrong, where, and what to do about it.

/// A damaged trace. The text names neither the file nor an account.
public struct TraceError: Error, Equatable, CustomStringConvertible {
    /// The line's number, counted from 1, the header; nil if no single line is wrong.
    public let line: Int?
    public let reason: String

    public init(line: Int? = nil, _ reason: String) {
        self.line = line
        self.reason = reason
    }

    public var description: String { line.map { "line \($0): \(reason)" } ?? reason }
}
