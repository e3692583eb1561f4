// What ends a load before it began, and what is wrong with a word of its description; each says
// what to type.

/// No load can be made; the description says why and what to do.
public struct LoadError: Error, Hashable, Sendable, CustomStringConvertible {
    public let description: String

    public init(_ description: String) { self.description = description }
}
