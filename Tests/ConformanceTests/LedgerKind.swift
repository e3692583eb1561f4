// All ledgers, for suites that run on each of them.

import LedgerRig
import RuleTable
import TestServers

enum LedgerKind: CaseIterable {
    case memory
    case redis

    /// Gives `body` a ledger of this kind whose time is `clock`'s.
    func withLedger(clock: ManualClock, _ body: (LedgerRig) async throws -> Void) async throws {
        switch self {
        case .memory: try await LedgerRig.withMemory(clock: clock, body)
        case .redis:
            try await RedisServer.withServer { server in
                try await LedgerRig.withRedis(server.url, clock: clock, logRows: 1_000, body)
            }
        }
    }
}
