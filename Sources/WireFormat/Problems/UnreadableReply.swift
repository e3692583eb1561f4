// The error of the clients of both APIs when the reply is not Stint's.

/// A reply that is not Stint's. Whether the request had an effect is unknown; repeating it with the
/// same id is safe.
public struct UnreadableReply: Error, Sendable, CustomStringConvertible {
    public let description: String

    public init(description: String) { self.description = description }

    /// - Parameters:
    ///   - status: the reply's HTTP status.
    ///   - error: why its body cannot be read.
    public init(status: Int, _ error: any Error) {
        description = "status \(status), and a body that is not Stint's: \(printable("\(error)"))"
    }
}
