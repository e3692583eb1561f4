// An instant on the ledger's clock. It is never compared with a caller's clock.

/// Milliseconds since 1970-01-01T00:00:00Z as the ledger counts them; 0 to 2^43 (the year 2248).
public struct Timestamp: Hashable, Comparable, Sendable, CustomStringConvertible {
    public let ms: Int

    public init(ms: Int) { self.ms = ms }

    public static func < (earlier: Timestamp, later: Timestamp) -> Bool { earlier.ms < later.ms }
    public static func + (instant: Timestamp, ms: Int) -> Timestamp { Timestamp(ms: instant.ms + ms) }
    /// The distance in ms.
    public static func - (later: Timestamp, earlier: Timestamp) -> Int { later.ms - earlier.ms }

    public var description: String { "\(ms) ms" }
}
