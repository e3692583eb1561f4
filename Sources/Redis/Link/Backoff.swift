// The pause of a link before it tries to connect again.

/// Exponential backoff with full jitter: each delay is random, evenly distributed from zero to a
/// ceiling that doubles.
public struct Backoff: Sendable, Equatable {
    /// The first ceiling.
    public var first: Duration = .milliseconds(10)
    /// The highest ceiling.
    public var longest: Duration = .milliseconds(400)
    private var failures = 0

    public init(first: Duration = .milliseconds(10), longest: Duration = .milliseconds(400)) {
        self.first = first
        self.longest = longest
    }

    /// The next delay.
    public mutating func next(using random: inout some RandomNumberGenerator) -> Duration {
        let ceiling = min(longest, first * (1 << failures))
        failures = min(failures + 1, 20)
        return .nanoseconds(Int64.random(in: 0...max(0, Int64(ceiling / .nanoseconds(1))), using: &random))
    }

    /// Restarts at the first ceiling.
    public mutating func reset() { failures = 0 }
}
