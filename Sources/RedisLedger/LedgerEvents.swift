// What a ledger reports of its server besides answers: callbacks and metrics.

import Metrics
public import Redis

/// Callbacks for the events of a ledger. They run on its event loop and must return quickly.
public struct LedgerEvents: Sendable {
    /// The server answers. It may be another server than before, or have other rights.
    var connected: @Sendable () -> Void
    /// A call was refused. Runs for each such call.
    var refused: @Sendable (ErrorReply) -> Void
    /// Rows of logs could not be written. Runs for each such call.
    var lostRows: @Sendable () -> Void

    public init(
        connected: @escaping @Sendable () -> Void = {},
        refused: @escaping @Sendable (ErrorReply) -> Void = { _ in },
        lostRows: @escaping @Sendable () -> Void = {}
    ) {
        self.connected = connected
        self.refused = refused
        self.lostRows = lostRows
    }
}

/// Counts refused calls by the server's error code, of which there are a few.
struct RefusalCount {
    private let counters: [String: Counter]

    init(_ metrics: any MetricsFactory) {
        counters = Dictionary(
            uniqueKeysWithValues: (ErrorReply.refusals + ["ERR"]).map { code in
                let counter = Counter(
                    label: "stint_ledger_refusals_total", dimensions: [("code", code)], factory: metrics)
                counter.increment(by: 0)
                return (code, counter)
            })
    }

    func count(_ error: ErrorReply) { counters[error.code]?.increment() }
}
