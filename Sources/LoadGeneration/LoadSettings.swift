// The settings of a load. The command line reads them; a report repeats them.

public import WireFormat

/// A load: its requests, targets, pace and length.
public struct LoadSettings: Hashable, Sendable {
    public enum Pace: Hashable, Sendable {
        /// Every connection sends its next request as soon as it has an answer.
        case closed
        /// Executions are due at a constant rate, independent of the service.
        case open(perSecond: Int)
        /// The executions of a trace are due at the trace's times, independent of the service.
        case recorded(Replay)
    }

    /// The execution time that an admission asks for.
    public enum Ask: Hashable, Sendable, CustomStringConvertible {
        /// No duration: the service takes its kind's ceiling.
        case ceiling
        /// The execution's duration.
        case drawn
        case fixed(ms: Int)

        /// Reads `ceiling`, `drawn` or a number of ms.
        /// - Parameters:
        ///   - text: what was typed.
        ///   - drawn: the word for ``drawn``.
        public init(_ text: String, drawn: String = "drawn") throws(LoadError) {
            switch text {
            case "ceiling": self = .ceiling
            case drawn: self = .drawn
            default:
                guard let ms = Int(text), (0...Durations.longestMs).contains(ms) else {
                    throw LoadError(
                        "Type ceiling, \(drawn) or a number of ms from 0 to \(Durations.longestMs)")
                }
                self = .fixed(ms: ms)
            }
        }

        public var description: String {
            switch self {
            case .ceiling: "ceiling"
            case .drawn: "drawn"
            case .fixed(let ms): "\(ms)"
            }
        }
    }

    /// The default target.
    public static let localTarget = LoadTarget.tcp(host: "127.0.0.1", port: 7400)

    // The bounds of the settings below.
    public static let rates = 1...10_000_000
    public static let connectionCounts = 1...10_000
    public static let accountCounts = 1...10_000_000
    public static let loopCounts = 1...64
    public static let durationsMs = 1...86_400_000
    /// The bounds of a replay's length, in ms.
    public static let replaysMs = 1...Durations.longestMs
    public static let warmUpsMs = 0...86_400_000
    public static let timeoutsMs = 10...60_000

    /// The services, at least one. Connections are spread over them in turn.
    public var targets = [localTarget]
    /// Sent with every request. No report contains it.
    public var token: BearerToken?
    public var pace = Pace.closed
    /// The connections to all targets together; at least one per target.
    public var connections = 64
    /// Threads that send the load.
    public var eventLoops = 1
    // What is drawn if there is no trace.
    public var accounts = 10_000
    public var skew = Skew.uniform
    public var durations = Durations.exponential(meanMs: 200)
    public var seed: UInt64 = 1
    public var ask = Ask.ceiling
    /// Whether to settle nothing.
    public var admitsOnly = false
    /// The time before the measurement, in ms.
    public var warmUpMs = 2_000
    /// The longest measured time, in ms. A replay may end before.
    public var durationMs = 10_000
    /// The time for one reply, in ms.
    public var timeoutMs = 5_000
    /// The most requests per lane of an open loop that are due and wait for a connection. Beyond
    /// that they are not sent.
    public var maximumWaiting = 100_000

    public init() {}

    /// ``ask`` in the words of the command line.
    var askText: String {
        if case .recorded = pace, ask == .drawn { "recorded" } else { "\(ask)" }
    }

    /// The settings of a replay of the whole trace.
    public init(_ replay: Replay) {
        pace = .recorded(replay)
        warmUpMs = 0
        durationMs = Self.replaysMs.upperBound
    }

    /// - Throws: ``LoadError`` if a setting is out of its bounds or contradicts another.
    public func check() throws(LoadError) {
        try Self.check("--connections", connections, Self.connectionCounts)
        try Self.check("--accounts", accounts, Self.accountCounts)
        try Self.check("--event-loops", eventLoops, Self.loopCounts)
        if case .recorded(let replay) = pace {
            try check(replay)
        } else {
            try Self.check("--duration", durationMs, Self.durationsMs, "ms")
        }
        try Self.check("--warm-up", warmUpMs, Self.warmUpsMs, "ms")
        try Self.check("--timeout", timeoutMs, Self.timeoutsMs, "ms")
        if case .open(let perSecond) = pace { try Self.check("--rate", perSecond, Self.rates) }
        guard connections >= max(targets.count, eventLoops) else {
            throw LoadError(
                "--connections: must be at least \(max(targets.count, eventLoops)), one per target and per "
                    + "event loop, not \(connections)")
        }
    }

    private func check(_ replay: Replay) throws(LoadError) {
        precondition(eventLoops == 1 && warmUpMs == 0 && !admitsOnly, "a replay has no such thing")
        guard Replay.speeds.contains(replay.speed) else {
            throw LoadError(
                "--speed: must be \(Replay.speeds.lowerBound) to \(Int(Replay.speeds.upperBound)), not \(replay.speed)"
            )
        }
        try Self.check("--accounts-times", replay.copies, Replay.copyCounts)
        try Self.check("--top", replay.top, Replay.tops)
        try Self.check("--duration", durationMs, Self.replaysMs, "ms")
    }

    private static func check(
        _ name: String, _ value: Int, _ bounds: ClosedRange<Int>, _ unit: String = ""
    ) throws(LoadError) {
        guard bounds.contains(value) else {
            throw LoadError(
                "\(name): must be \(bounds.lowerBound) to \(bounds.upperBound)"
                    + (unit.isEmpty ? "" : " (\(unit))") + ", not \(value)")
        }
    }
}
