// Why a text is not a Redis URL, for people.

/// Why a text is not a Redis URL.
public struct RedisURLError: Error, Equatable, Sendable, CustomStringConvertible {
    /// What is wrong, as the end of "this is not a Redis URL: ...".
    public let reason: String

    init(_ reason: String) { self.reason = reason }

    public var description: String {
        "not a Redis URL: \(reason). "
            + "Write redis://[user:password@]host[:port][/db], rediss://... or unix:///path.sock"
    }
}
