// The counts of a load, for the report and the progress line.

/// Why a request failed.
public enum LoadFailure: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// No connection could be made.
    case connectFailed
    /// The connection ended before the reply.
    case connectionLost
    /// No reply in time.
    case timeout
    /// A reply that is not Stint's.
    case unreadableReply
    /// An HTTP status that is not a decision.
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

/// Counts of one lane, or of all together. Requests of the warm-up do not count, except where a
/// property says so.
public struct LoadTally: Sendable {
    /// Admissions with 200 or 201.
    public internal(set) var admitted = 0
    /// Admissions without the ledger, which ``admitted`` includes.
    public internal(set) var degraded = 0
    /// Admissions with 429.
    public internal(set) var denied = 0
    /// Settlements with 200.
    public internal(set) var settled = 0
    /// Requests that were due and not sent, because no connection was free.
    public internal(set) var notSent = 0
    /// Failed requests, including the warm-up.
    public internal(set) var failures: [LoadFailure: Int] = [:]
    /// Connections that were made again, including the warm-up.
    public internal(set) var reconnections = 0
    /// Requests of the warm-up that were answered.
    public internal(set) var warmUpAnswered = 0
    /// The time from when an admission was due to its answer. A timeout counts with the time until
    /// then.
    public internal(set) var admissionLatency = LatencyHistogram()
    /// The time from when a settlement was due to its answer. In a replay it is due when the
    /// execution ends, otherwise when the admission is answered.
    public internal(set) var settlementLatency = LatencyHistogram()
    /// The time from when a request was due until the load handled it: how late the load was, not
    /// the service.
    public internal(set) var lateness = LatencyHistogram()

    public init() {}

    /// Admissions and settlements with a decision.
    public var answered: Int { admitted + denied + settled }
    public var failed: Int { failures.values.reduce(0, +) }

    /// The latency of admissions and settlements together.
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
