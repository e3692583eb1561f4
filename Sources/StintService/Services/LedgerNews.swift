// Collects the events of the ledgers of all event loops: refusals go to the log at once, new
// connections to `LedgerWatch`.

import Logging
import RedisLedger

struct LedgerNews: Sendable {
    let refusals: RefusalLog
    /// One element for every new connection, or for several at once.
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
