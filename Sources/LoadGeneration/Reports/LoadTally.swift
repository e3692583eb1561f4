// What came of a load, counted: what the report says and the progress line shows.

/// Why a request brought nothing.
public enum LoadFailure: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// No connection could be made.
    case connectFailed
    /// The connection ended before the reply.
    case connectionLost
    /// No reply in time.
    case timeout
    /// A reply that is not a Stint's.
    case unreadableReply
    /// An HTTP status other than the answers to the question.
    case status(Int)

    public var description: String {
        switch self {
        case .connectFailed: "connect-failed"
        case .connectionLost: "connection-lost"
        case .timeout: "timeout"
        case .unreadableReply: "unreadable-reply"
        case .status(let status): "status-\(status)"
        }
    }
}

/// Counts of one lane, or of all together. Only measured requests count, unless said otherwise.
public struct LoadTally: Sendable {
    /// 200 and 201 to admissions.
    public internal(set) var admitted = 0
    /// Of these, the ones that were admitted without the ledger.
    public internal(set) var degraded = 0
    /// 429 to admissions.
    public internal(set) var denied = 0
    /// 200 to settlements.
    public internal(set) var settled = 0
    /// Requests that were due and were not sent, as no connection was free.
    public internal(set) var notSent = 0
    /// In the warm-up too.
    public internal(set) var failures: [LoadFailure: Int] = [:]
    /// Connections that were made anew, in the warm-up too.
    public internal(set) var reconnections = 0
    /// Requests of the warm-up that were answered.
    public internal(set) var warmUpAnswered = 0
    /// From when an admission was due to its answer. Requests that were given up count with the
    /// time until then.
    public internal(set) var admissionLatency = LatencyHistogram()
    /// From when a settlement was due to its answer. It is due when the execution ends, and in a
    /// load that waits for no execution when the admission is answered.
    public internal(set) var settlementLatency = LatencyHistogram()
    /// From when a request was due to when the load itself took it up: how late the load was, not
    /// the service.
    public internal(set) var lateness = LatencyHistogram()

    public init() {}

    /// Admissions and settlements that were answered as they should be.
    public var answered: Int { admitted + denied + settled }
    public var failed: Int { failures.values.reduce(0, +) }

    /// Both kinds.
    public var latency: LatencyHistogram {
        var both = admissionLatency
        both.add(settlementLatency)
        return both
    }

    mutating func add(_ other: LoadTally) {
        admitted += other.admitted
        degraded += other.degraded
        denied += other.denied
        settled += other.settled
        notSent += other.notSent
        failures.merge(other.failures, uniquingKeysWith: +)
        reconnections += other.reconnections
        warmUpAnswered += other.warmUpAnswered
        admissionLatency.add(other.admissionLatency)
        settlementLatency.add(other.settlementLatency)
        lateness.add(other.lateness)
    }

    mutating func count(_ failure: LoadFailure) { failures[failure, default: 0] += 1 }
}
