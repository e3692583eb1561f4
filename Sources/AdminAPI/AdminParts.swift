// What the control plane shows and changes; the composition root hands it over.

public import Records

public struct AdminParts: Sendable {
    public let metrics: PrometheusMetrics
    /// Asked by `/readyz` each time.
    public let readiness: @Sendable () async -> Readiness
    /// Nil when the ledger is in memory: then what needs them is answered 501.
    public let records: Records?

    public init(
        metrics: PrometheusMetrics, readiness: @escaping @Sendable () async -> Readiness,
        records: Records? = nil
    ) {
        self.metrics = metrics
        self.readiness = readiness
        self.records = records
    }
}
