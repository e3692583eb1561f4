// The one error of traces: what is wrong, where, and what to do about it.

/// A trace that cannot be read on. The text names neither the file nor an account.
public struct TraceError: Error, Equatable, CustomStringConvertible {
    /// Counted from 1, the header's; nil when no single line is to blame.
    public let line: Int?
    public let reason: String

    public init(line: Int? = nil, _ reason: String) {
        self.line = line
        self.reason = reason
    }

    public var description: String { line.map { "line \($0): \(reason)" } ?? reason }
}
