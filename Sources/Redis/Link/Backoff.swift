// How long a link waits before it tries to connect again.

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

    /// The next delay, drawn with `random`.
    public mutating func next(using random: inout some RandomNumberGenerator) -> Duration {
        let ceiling = min(longest, first * (1 << failures))
        failures = min(failures + 1, 20)
        return .nanoseconds(Int64.random(in: 0...max(0, Int64(ceiling / .nanoseconds(1))), using: &random))
    }

    /// Starts again from the first ceiling.
    public mutating func reset() { failures = 0 }
}
