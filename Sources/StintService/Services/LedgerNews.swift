// What the ledgers of all event loops tell of Redis, gathered: for the log at once, for
// `LedgerWatch` in its turn.

import Logging
import RedisLedger

struct LedgerNews: Sendable {
    let refusals: RefusalLog
    /// Has something in it whenever a connection is new.
    let connections: AsyncStream<Void>
    /// For the ledgers.
    let events: LedgerEvents

    init(logger: Logger) {
        let refusals = RefusalLog(logger: logger)
        let (connections, teller) = AsyncStream.makeStream(
            of: Void.self, bufferingPolicy: .bufferingNewest(1))
        self.refusals = refusals
        self.connections = connections
        events = LedgerEvents(
            connected: { teller.yield() }, refused: { refusals.refused($0) },
            lostRows: { refusals.lostRows() })
    }
}
