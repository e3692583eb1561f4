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

    /// Where an account stands, asked on the loop that was opened first.
    /// - Throws: ``LedgerError``.
    func standing(of account: Account, under plan: Plan) async throws -> Standing {
        switch kind {
        case .memory(let ledger):
            return Standing(
                plan: plan, usage: try ledger.answer(.peek, about: account, under: plan).get().usage)
        case .redis:
            guard let one = held.withLock({ $0.first }) else {
                throw LedgerError.notApplied("the ledger is not open")
            }
            let answer = try await one.eventLoop.flatSubmit {
                let promise = one.eventLoop.makePromise(of: Answer.self)
                one.ledger.value.put(.peek, about: account, under: plan, to: PromisedAnswer(promise))
                return promise.futureResult
            }.get()
            return Standing(plan: plan, usage: answer.usage)
        }
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

/// Keeps one answer's promise.
private final class PromisedAnswer: AnswerSink {
    private let promise: EventLoopPromise<Answer>

    init(_ promise: EventLoopPromise<Answer>) { self.promise = promise }

    func receive(_ answer: Result<Answer, LedgerError>) { promise.completeWith(answer.mapError { $0 }) }
}
