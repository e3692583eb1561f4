// What one process does right now, told once a second.

/// The data of one event of `GET /v1/live`.
public struct LiveBody: Codable, Equatable, Sendable {
    /// An account that executed much in the current and the last minute.
    public struct Top: Codable, Equatable, Sendable {
        public var account: String
        public var executions: Int
        /// Of its fullest limit, now; nil when the ledger could not be asked.
        public var percent: Int?

        public init(account: String, executions: Int, percent: Int?) {
            self.account = account
            self.executions = executions
            self.percent = percent
        }
    }

    /// When it was told: ms since 1970 on the process's own clock.
    public var at: Int
    /// Questions of runners that were decided since the event before, a second.
    public var decisionsPerSecond: Int
    /// Executions admitted and charged since the event before.
    public var admitted: Int
    /// Asks denied since the event before; each is one, whatever number of limits it broke.
    public var denied: Int
    public var settled: Int
    /// Asks that had to be answered without the ledger, be they refused or admitted.
    public var unavailable: Int
    /// Of the calls to the ledger since the event before; nil when there were none. Read from
    /// buckets, so not exact.
    public var ledgerP50Ms: Double?
    public var ledgerP99Ms: Double?
    /// Connections of runners open now.
    public var connections: Int
    /// At most ten, most executions first; of all processes that share the ledger.
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
