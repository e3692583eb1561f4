// How one link behaves: its deadlines, its bounds, its patience. Values only, read once when the
// link is made.

/// Settings of a `RedisLink`.
public struct RedisSettings: Sendable, Equatable {
    /// Where the server is and who we are there.
    public var url: RedisURL
    /// Longest time from the start of an attempt to connect until the server has answered AUTH,
    /// SELECT and PING.
    public var connectDeadline: Duration = .milliseconds(90)
    /// Longest time from `send` to the reply of one command. When it passes, the whole link is
    /// given up.
    public var commandDeadline: Duration = .milliseconds(75)
    /// Most commands that may wait for replies on one link; more are refused with `.notSent`. At
    /// least 1.
    public var maximumInFlight = 10_000
    /// Longest reply in bytes on the wire. A longer one closes the link.
    public var maximumReplyBytes = 1 << 20
    /// How long to wait before the next attempt to connect.
    public var backoff = Backoff()
    /// Path of a PEM file of certificates to trust (`rediss://` only); nil trusts what the system
    /// trusts.
    public var trustRootsFile: String?

    public init(url: RedisURL) { self.url = url }
}

/// Exponential backoff with full jitter: each delay is drawn evenly from zero to a ceiling that
/// doubles.
public struct Backoff: Sendable, Equatable {
    /// The first ceiling.
    public var first: Duration = .milliseconds(10)
    /// The ceiling that is never passed.
    public var longest: Duration = .milliseconds(400)
    private var failures = 0

    public init(first: Duration = .milliseconds(10), longest: Duration = .milliseconds(400)) {
        self.first = first
        self.longest = longest
    }

    /// The next delay, drawn with `chance`.
    public mutating func next(using chance: inout some RandomNumberGenerator) -> Duration {
        let ceiling = min(longest, first * (1 << failures))
        failures = min(failures + 1, 20)
        return .nanoseconds(Int64.random(in: 0...max(0, Int64(ceiling / .nanoseconds(1))), using: &chance))
    }

    /// Starts again from the first ceiling.
    public mutating func reset() { failures = 0 }
}
