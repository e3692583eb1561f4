// The ledgers of this process, one for each event loop (or one in memory for all): made when the runner API
// asks, watched for readiness, closed at the end.

import Accounting
import AdminAPI
import NIOCore
import Redis
import RedisLedger
import Synchronization

final class Ledgers: Sendable {
    private enum Kind: Sendable {
        case memory(MemoryLedger)
        case redis(RedisURL, make: @Sendable (any EventLoop) -> RedisLedger)
    }

    private struct Held: Sendable {
        let eventLoop: any EventLoop
        let ledger: NIOLoopBound<RedisLedger>
    }

    private let kind: Kind
    private let held = Mutex<[Held]>([])

    init(memory ledger: MemoryLedger) { kind = .memory(ledger) }

    /// - Parameter url: what is said about them; never shows a password.
    init(url: RedisURL, make: @escaping @Sendable (any EventLoop) -> RedisLedger) {
        kind = .redis(url, make: make)
    }

    /// For the log: `memory`, or the URL without its password.
    var description: String {
        switch kind {
        case .memory: "memory"
        case .redis(let url, _): "\(url)"
        }
    }

    /// The ledger of an event loop, which has begun to connect. To be called on that loop.
    func make(on eventLoop: any EventLoop) -> any Ledger {
        switch kind {
        case .memory(let ledger): return ledger
        case .redis(_, let make):
            let ledger = make(eventLoop)
            held.withLock {
                $0.append(Held(eventLoop: eventLoop, ledger: NIOLoopBound(ledger, eventLoop: eventLoop)))
            }
            ledger.start()
            return ledger
        }
    }

    /// Ready when every ledger reaches its server now.
    func readiness() async -> Readiness {
        guard case .redis(let url, _) = kind else { return .ready }
        let held = held.withLock { $0 }
        if held.isEmpty { return .notReady(reason: "the ledger is not open") }
        for one in held {
            do {
                if try await !one.eventLoop.submit({ one.ledger.value.isReady }).get() {
                    return .notReady(reason: "the ledger's server \(url) does not answer")
                }
            } catch {
                return .notReady(reason: "\(error)")
            }
        }
        return .ready
    }

    func close() async throws {
        let held = held.withLock { held in
            defer { held = [] }
            return held
        }
        for one in held {
            try await one.eventLoop.flatSubmit { one.ledger.value.close() }.get()
        }
    }
}
