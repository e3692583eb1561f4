// The error of a load that cannot start, or of an invalid argument. It says what to type.

/// The load cannot start. The description says why, and what to do.
public struct LoadError: Error, Hashable, Sendable, CustomStringConvertible {
    public let description: String

    public init(_ description: String) { self.description = description }
}
