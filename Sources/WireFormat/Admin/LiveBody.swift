// What one process does now, sent once a second.

/// The data of one event of `GET /v1/live`.
public struct LiveBody: Codable, Equatable, Sendable {
    /// An account with many executions in the current and the last minute.
    public struct Top: Codable, Equatable, Sendable {
        public var account: String
        public var executions: Int
        /// The use of its fullest limit now, in percent; nil if the ledger could not be asked.
        public var percent: Int?

        public init(account: String, executions: Int, percent: Int?) {
            self.account = account
            self.executions = executions
            self.percent = percent
        }
    }

    /// When the event was sent: ms since 1970 on the process's own clock.
    public var at: Int
    /// Decisions for runners per second, since the previous event.
    public var decisionsPerSecond: Int
    /// Executions admitted and charged since the previous event.
    public var admitted: Int
    /// Asks denied since the previous event. Each counts once, however many limits it broke.
    public var denied: Int
    public var settled: Int
    /// Asks that were answered without the ledger, admitted or not.
    public var unavailable: Int
    /// Median time of a call to the ledger since the previous event; nil if there were none. Read
    /// from buckets, so not exact.
    public var ledgerP50Ms: Double?
    public var ledgerP99Ms: Double?
    /// Open connections of runners.
    public var connections: Int
    /// At most ten accounts, most executions first, of all processes that share the ledger.
    public var top: [Top]

    public init(
        at: Int, decisionsPerSecond: Int, admitted: Int, denied: Int, settled: Int, unavailable: Int,
        ledgerP50Ms: Double?, ledgerP99Ms: Double?, connections: Int, top: [Top]
    ) {
        self.at = at
        self.decisionsPerSecond = decisionsPerSecond
        self.admitted = admitted
        self.denied = denied
        self.settled = settled
        self.unavailable = unavailable
        self.ledgerP50Ms = ledgerP50Ms
        self.ledgerP99Ms = ledgerP99Ms
        self.connections = connections
        self.top = top
    }
}
