// A ledger under test on its own event loop: asks it questions, on request many in one tick, and
// records what every sink received. When the test is over it checks that each received exactly one
// answer.

public import Accounting
import Logging
public import Metrics
import NIOCore
import NIOPosix
public import Redis
import RedisLedger
public import RuleTable
import Synchronization
public import TestServers
import Testing

public final class LedgerRig: Sendable {
    private let loop: any EventLoop
    /// A thread of its own, so that one test's work is not another's delay.
    private let group: MultiThreadedEventLoopGroup
    private let ledger: NIOLoopBound<any Ledger>
    private let close: @Sendable () async throws -> Void
    private let ticks = Mutex<[Tick]>([])

    /// Gives `body` a ledger in memory.
    public static func withMemory(clock: ManualClock, _ body: (LedgerRig) async throws -> Void) async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let loop = group.next()
        let ledger = try await loop.submit {
            NIOLoopBound<any Ledger>(MemoryLedger { clock.now }, eventLoop: loop)
        }.get()
        try await LedgerRig(loop: loop, group: group, ledger: ledger) {}.run(body)
    }

    /// Gives `body` a Redis of its own, and a ledger on it whose keys begin as usual and which
    /// keeps logs.
    /// - Parameters:
    ///   - clock: nil uses the server's own.
    ///   - logRows: how many rows the log of an account keeps.
    public static func withServer(
        clock: ManualClock?, logRows: Int = 1_000, _ body: (RedisServer, LedgerRig) async throws -> Void
    ) async throws {
        try await RedisServer.withServer { server in
            try await withRedis(server.url, prefix: "stint:", clock: clock, logRows: logRows) {
                try await body(server, $0)
            }
        }
    }

    /// Gives `body` a ledger on the Redis at `url`, once that answers.
    ///
    /// - Parameters:
    ///   - clock: nil uses the server's own.
    ///   - untilReady: false starts at once.
    ///   - logRows: how many rows the log of an account keeps; 0: there is none.
    ///   - newAccounts: nil takes any number.
    ///   - metrics: where the ledger counts.
    public static func withRedis(
        _ url: String, prefix: String = "", clock: ManualClock? = nil, untilReady: Bool = true,
        logRows: Int = 0, newAccounts: NewAccounts? = nil,
        metrics: any MetricsFactory = NOOPMetricsHandler.instance,
        settings change: (inout RedisSettings) -> Void = { _ in },
        _ body: (LedgerRig) async throws -> Void
    ) async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let loop = group.next()
        var settings = RedisSettings(url: try RedisURL(url))
        // Far above what a loaded machine needs; the tests of deadlines set their own.
        settings.commandDeadline = .seconds(20)
        settings.connectDeadline = .seconds(10)
        change(&settings)
        let ready = settings
        let keys = try #require(LedgerKeys(prefix: prefix))
        let ledger = try await loop.submit {
            let ledger = RedisLedger(
                eventLoop: loop, redis: ready, keys: keys,
                logger: Logger(label: "ledger", factory: { _ in SwiftLogNoOpLogHandler() }),
                metrics: metrics, logRows: logRows, newAccounts: newAccounts,
                clock: clock.map { clock in { clock.now } })
            ledger.start()
            return NIOLoopBound(ledger, eventLoop: loop)
        }.get()
        let bound = try await loop.submit { NIOLoopBound<any Ledger>(ledger.value, eventLoop: loop) }.get()
        let rig = LedgerRig(loop: loop, group: group, ledger: bound) {
            try await loop.flatSubmit { ledger.value.close() }.get()
        }
        try await rig.run { rig in
            if untilReady {
                try await eventually("the ledger is ready") {
                    try await loop.submit { ledger.value.isReady }.get()
                }
            }
            try await body(rig)
        }
    }

    private init(
        loop: any EventLoop, group: MultiThreadedEventLoopGroup, ledger: NIOLoopBound<any Ledger>,
        close: @escaping @Sendable () async throws -> Void
    ) {
        self.loop = loop
        self.group = group
        self.ledger = ledger
        self.close = close
    }

    private func run(_ body: (LedgerRig) async throws -> Void) async throws {
        do {
            try await body(self)
        } catch {
            try await close()
            try await group.shutdownGracefully()
            throw error
        }
        try await close()
        try await group.shutdownGracefully()
        let odd = ticks.withLock { $0.flatMap(\.timesHeard).filter { $0 != 1 } }
        #expect(odd.isEmpty, "some sinks heard not exactly once but so often: \(odd)")
    }

    /// Puts questions in one tick of the loop, without waiting for answers.
    public func begin(_ puts: [Put]) async throws -> Tick {
        let tick = Tick(count: puts.count, loop: loop)
        ticks.withLock { $0.append(tick) }
        try await loop.submit { [ledger] in
            for (index, put) in puts.enumerated() {
                let sink = Listener(tick: tick, index: index)
                ledger.value.put(put.question, about: put.account, under: put.plan, to: sink)
            }
        }.get()
        return tick
    }

    /// Puts questions in one tick of the loop and awaits all answers.
    public func receive(_ puts: [Put]) async throws -> [Received] { try await begin(puts).received() }

    /// Puts one question and awaits its answer.
    public func ask(_ question: Question, about account: Account, under plan: Plan) async throws -> Answer {
        try await receive([Put(question, about: account, under: plan)])[0].result.get()
    }
}

/// A question on its way to a ledger.
public struct Put: Sendable {
    public let question: Question
    public let account: Account
    public let plan: Plan

    public init(_ question: Question, about account: Account, under plan: Plan) {
        self.question = question
        self.account = account
        self.plan = plan
    }
}
