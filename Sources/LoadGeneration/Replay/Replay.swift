// What decides a replay: which trace, how fast, how often. When a row is due and what its account
// is called follow from it.

/// A trace to replay.
public struct Replay: Hashable, Sendable {
    // The bounds of what follows.
    public static let speeds = 0.001...1_000_000.0
    public static let copyCounts = 1...10_000
    public static let tops = 0...10_000

    /// What the trace is called.
    public let trace: String
    /// Ms of the trace for each ms of the replay. Only when executions start depends on it; each
    /// takes as long as it did.
    public var speed = 1.0
    /// How often every row is replayed, each time for an account of its own.
    public var copies = 1
    /// The kind of every execution; nil leaves it to the service.
    public var kind: String?
    /// How many of the accounts with denials the report names.
    public var top = 10

    public init(trace: String) { self.trace = trace }

    /// ns from the start of the replay, rounded down.
    func dueNs(offsetMs: Int) -> Int {
        let ns = Double(offsetMs) * 1_000_000 / speed
        // Later than any end.
        return ns < 4e18 ? Int(ns) : 4_000_000_000_000_000_000
    }

    /// The number of an account of the trace as its nth copy, counted from 0.
    func account(_ number: Int, copy: Int) -> Int { number * copies + copy }

    /// `trace.csv`, and how often if that is not once.
    var description: String { copies == 1 ? trace : "\(trace), every row for \(copies) accounts" }

    /// `60`, `0.5`
    var speedText: String { speed == speed.rounded() ? "\(Int(speed))" : "\(speed)" }
}

/// What the accounts of a load are called, by their numbers.
struct AccountNames {
    /// Of a replay: the names that the trace has so far.
    private(set) var recorded: [String] = []
    private let copies: Int?

    init(_ pace: LoadSettings.Pace) {
        if case .recorded(let replay) = pace { copies = replay.copies } else { copies = nil }
    }

    mutating func add(_ names: [String]) { recorded += names }

    subscript(number: Int) -> String {
        guard let copies else { return "load-\(number)" }
        return Self.name(recorded[number / copies], copy: number % copies, of: copies)
    }

    /// With several copies all have `:1`, `:2`, ... at the end, so that no two are the same
    /// whatever the trace's names are.
    static func name(_ name: String, copy: Int, of copies: Int) -> String {
        copies == 1 ? name : "\(name):\(copy + 1)"
    }
}
