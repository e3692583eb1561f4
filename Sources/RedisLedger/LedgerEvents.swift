// What a ledger reports of its server besides answers: to those who watch it, and as metrics.

import Metrics
public import Redis

/// What others want to know of a ledger. Called on its event loop; must not take long.
public struct LedgerEvents: Sendable {
    /// The server answers, perhaps another one than before, or with other rights.
    var connected: @Sendable () -> Void
    /// A call was refused. Comes for each such call.
    var refused: @Sendable (ErrorReply) -> Void
    /// Rows of logs could not be written. Comes for each such call.
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

/// Counts refused calls by the server's code, of which there are a few.
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
