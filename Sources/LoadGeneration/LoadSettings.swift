// All that decides what a load is. The command line reads it; a report repeats it.

public import WireFormat

/// A load: what is asked, of whom, at which pace, and for how long.
public struct LoadSettings: Hashable, Sendable {
    public enum Pace: Hashable, Sendable {
        /// Every connection asks again as soon as it is answered.
        case closed
        /// So many executions a second are due, whatever the service does.
        case open(perSecond: Int)
        /// They are due when a trace says, whatever the service does, and are those of the trace.
        case recorded(Replay)
    }

    /// What an admission asks for.
    public enum Ask: Hashable, Sendable, CustomStringConvertible {
        /// It names no duration: the service takes its kind's ceiling.
        case ceiling
        /// What the execution takes.
        case drawn
        case fixed(ms: Int)

        /// Reads `ceiling`, `drawn` (or another word for it) or a number of ms.
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

    /// Where the service listens if nobody says otherwise.
    public static let localTarget = LoadTarget.tcp(host: "127.0.0.1", port: 7400)

    // The bounds of what follows.
    public static let rates = 1...10_000_000
    public static let connectionCounts = 1...10_000
    public static let accountCounts = 1...10_000_000
    public static let loopCounts = 1...64
    public static let durationsMs = 1...86_400_000
    /// Of a replay.
    public static let replaysMs = 1...Durations.longestMs
    public static let warmUpsMs = 0...86_400_000
    public static let timeoutsMs = 10...60_000

    /// At least one; connections take turns at them.
    public var targets = [localTarget]
    /// Sent along with every request; no report repeats it.
    public var token: BearerToken?
    public var pace = Pace.closed
    /// Of all targets together; at least one for each of them.
    public var connections = 64
    /// Threads that make the load.
    public var eventLoops = 1
    // What is drawn when there is no trace.
    public var accounts = 10_000
    public var skew = Skew.uniform
    public var durations = Durations.exponential(meanMs: 200)
    public var seed: UInt64 = 1
    public var ask = Ask.ceiling
    /// Whether nothing is settled.
    public var admitsOnly = false
    /// What is asked first and not measured.
    public var warmUpMs = 2_000
    /// What is measured after that, at most: a replay may be over before.
    public var durationMs = 10_000
    /// How long one reply may take, ms.
    public var timeoutMs = 5_000
    /// Requests of an open loop that may be due and wait for a connection, in each lane. Beyond
    /// that they are not sent.
    public var maximumWaiting = 100_000

    public init() {}

    /// What an admission asks for, as the command line says it.
    var askText: String {
        if case .recorded = pace, ask == .drawn { "recorded" } else { "\(ask)" }
    }

    /// A whole replay.
    public init(_ replay: Replay) {
        pace = .recorded(replay)
        warmUpMs = 0
        durationMs = Self.replaysMs.upperBound
    }

    /// - Throws: what is out of bounds or does not fit together.
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
                "--connections \(connections): every target and every event loop needs one. "
                    + "Type at least \(max(targets.count, eventLoops))")
        }
    }

    private func check(_ replay: Replay) throws(LoadError) {
        precondition(eventLoops == 1 && warmUpMs == 0 && !admitsOnly, "a replay has no such thing")
        guard Replay.speeds.contains(replay.speed) else {
            throw LoadError(
                "--speed: \(replay.speed) is not from \(Replay.speeds.lowerBound) to \(Int(Replay.speeds.upperBound))"
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
                "\(name): \(value) is not from \(bounds.lowerBound) to \(bounds.upperBound)"
                    + (unit.isEmpty ? "" : " (\(unit))"))
        }
    }
}
