// The settings of a replay: trace, speed, copies. They decide when a row is due, and the name of
// its account.

/// A trace to replay.
public struct Replay: Hashable, Sendable {
    // The bounds of the settings below.
    public static let speeds = 0.001...1_000_000.0
    public static let copyCounts = 1...10_000
    public static let tops = 0...10_000

    /// The name of the trace.
    public let trace: String
    /// ms of the trace per ms of the replay. It changes only the starts of executions, not their
    /// durations.
    public var speed = 1.0
    /// How often every row is replayed, each time for another account.
    public var copies = 1
    /// The kind of every execution; nil: the service's default.
    public var kind: String?
    /// How many accounts with denials the report names.
    public var top = 10

    public init(trace: String) { self.trace = trace }

    /// When a row is due, in ns from the start of the replay, rounded down.
    func dueNs(offsetMs: Int) -> Int {
        let ns = Double(offsetMs) * 1_000_000 / speed
        // Later than any end.
        return ns < 4e18 ? Int(ns) : 4_000_000_000_000_000_000
    }

    /// The number of a copy of the trace's account `number`. Copies are counted from 0.
    func account(_ number: Int, copy: Int) -> Int { number * copies + copy }

    /// `trace.csv`, and the number of copies if there are several.
    var description: String { copies == 1 ? trace : "\(trace), every row for \(copies) accounts" }

    /// `60`, `0.5`
    var speedText: String { speed == speed.rounded() ? "\(Int(speed))" : "\(speed)" }
}

/// The names of a load's accounts, by their numbers.
struct AccountNames {
    /// The accounts of the trace so far; only in a replay.
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

    /// The name of a copy. Several copies end with `:1`, `:2`, ..., so all names are different.
    static func name(_ name: String, copy: Int, of copies: Int) -> String {
        copies == 1 ? name : "\(name):\(copy + 1)"
    }
}
