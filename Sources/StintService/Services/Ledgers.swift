// The ledgers of this process: one per event loop, or one in memory for all. They are made when the
// runner API asks for them, probed by `LedgerWatch`, and closed at the end.

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
    private struct State: Sendable {
        var ledgers: [Held] = []
        /// The number of calls of ``probe(everything:)``.
        var turn = 0
    }

    private let held = Mutex(State())

    let news: LedgerNews

    init(memory ledger: MemoryLedger, news: LedgerNews) {
        kind = .memory(ledger)
        self.news = news
    }

    /// - Parameters:
    ///   - url: for messages; its password is never shown.
    ///   - news: collects the events of the ledgers.
    ///   - make: makes the ledger of an event loop.
    init(url: RedisURL, news: LedgerNews, make: @escaping @Sendable (any EventLoop) -> RedisLedger) {
        kind = .redis(url, make: make)
        self.news = news
    }

    /// For the log: `memory`, or the URL without its password.
    var description: String {
        switch kind {
        case .memory: "memory"
        case .redis(let url, _): "\(url)"
        }
    }

    /// The name of Stint's user in Redis.
    var user: String {
        if case .redis(let url, _) = kind, let user = url.user { user } else { "default" }
    }

    /// Makes the ledger of an event loop, which starts to connect. Call it on that loop.
    func make(on eventLoop: any EventLoop) -> any Ledger {
        switch kind {
        case .memory(let ledger): return ledger
        case .redis(_, let make):
            let ledger = make(eventLoop)
            held.withLock {
                $0.ledgers.append(
                    Held(eventLoop: eventLoop, ledger: NIOLoopBound(ledger, eventLoop: eventLoop)))
            }
            ledger.start()
            return ledger
        }
    }

    /// Whether questions about every account reach a server now, in every event loop.
    var areReady: Bool {
        get async throws {
            for one in held.withLock({ $0.ledgers }) {
                guard try await one.eventLoop.submit({ one.ledger.value.isReady }).get() else { return false }
            }
            return true
        }
    }

    /// Tests whether a decision could be made and written now: every ledger must be connected, and
    /// the next in turn runs the test.
    /// - Parameters:
    ///   - everything: whether to test what decisions do not need, too.
    ///   - server: one of the primaries; nil: the one that has the key of the probe.
    func probe(everything: Bool, at server: RedisURL.Address? = nil) async -> ProbeResult {
        guard case .redis = kind else { return .works(lacks: []) }
        let (held, turn) = held.withLock { held in
            held.turn += 1
            return (held.ledgers, held.turn)
        }
        if held.isEmpty { return .unreachable(reason: "the ledger is not open") }
        do {
            var next = held[turn % held.count]
            for one in held {
                let isReady = try await one.eventLoop.submit { one.ledger.value.isReady }.get()
                if !isReady { next = one }
            }
            return try await next.eventLoop.flatSubmit { [next] in
                let promise = next.eventLoop.makePromise(of: ProbeResult.self)
                next.ledger.value.probe(everything: everything, at: server) { promise.succeed($0) }
                return promise.futureResult
            }.get()
        } catch {
            return .unreachable(reason: "\(error)")
        }
    }

    /// The standing of an account, from the ledger that was made first.
    /// - Throws: ``LedgerError``.
    func standing(of account: Account, under plan: Plan) async throws -> Standing {
        switch kind {
        case .memory(let ledger):
            return Standing(
                plan: plan, usage: try ledger.answer(.peek, about: account, under: plan).get().usage)
        case .redis:
            guard let one = held.withLock({ $0.ledgers.first }) else {
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
            defer { held.ledgers = [] }
            return held.ledgers
        }
        for one in held {
            try await one.eventLoop.flatSubmit { one.ledger.value.close() }.get()
        }
    }
}

/// Fulfills a promise with one answer.
private final class PromisedAnswer: AnswerSink {
    private let promise: EventLoopPromise<Answer>

    init(_ promise: EventLoopPromise<Answer>) { self.promise = promise }

    func receive(_ answer: Result<Answer, LedgerError>) { promise.completeWith(answer.mapError { $0 }) }
}
