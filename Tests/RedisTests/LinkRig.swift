// A link under test on its own loop: sends commands to it, and records what every sink, the logger
// and the metrics received. When the test is over it closes the link and checks that every sink
// received exactly one result.

import InMemoryLogging
import Logging
import MetricsTestKit
import NIOCore
import NIOPosix
import Redis
import Synchronization
import Testing

/// What one caller heard, and how long after it had asked.
struct Answer: Sendable {
    let result: Result<RedisReply, RedisFailure>
    let after: Duration

    var reply: RedisReply? {
        if case .success(let reply) = result { reply } else { nil }
    }
    /// Whether the command may or may not have run.
    var isLost: Bool {
        switch result {
        case .failure(.lost), .failure(.late): true
        default: false
        }
    }
    var isNotSent: Bool {
        if case .failure(.notSent) = result { true } else { false }
    }
}

/// A caller: tells the test what it hears, and counts how often.
final class Caller: ReplySink, Sendable {
    private let asked = ContinuousClock.now
    private let received = Mutex(0)
    private let promise: EventLoopPromise<Answer>

    init(_ loop: any EventLoop) { promise = loop.makePromise() }

    var timesHeard: Int { received.withLock { $0 } }

    func receive(_ reply: Result<RedisReply, RedisFailure>) {
        let times = received.withLock { times in
            times += 1
            return times
        }
        if times == 1 { promise.succeed(Answer(result: reply, after: ContinuousClock.now - asked)) }
    }

    func answer() async throws -> Answer { try await promise.futureResult.get() }
}

final class LinkRig: Sendable {
    let loop: any EventLoop
    /// A thread of its own, so that one test's work is not another's delay.
    private let group: MultiThreadedEventLoopGroup
    let metrics = TestMetrics()
    let log: InMemoryLogHandler
    private let link: NIOLoopBound<RedisLink>
    private let readyTimes: ReadyTimes
    private let callers = Mutex<[Caller]>([])

    /// How often the link has become ready.
    var readyCount: Int { readyTimes.count.withLock { $0 } }
    /// The `reason` of every warning, in order.
    var warnings: [String] {
        log.entries.filter { $0.level == .warning }.map { "\($0.metadata["reason"] ?? "none")" }
    }

    /// Starts a link to `url`, gives it to `body`, and closes it. `first` are sent each time it
    /// becomes ready.
    static func withLink(
        _ url: String, first: [[String]] = [], settings change: (inout RedisSettings) -> Void = { _ in },
        isolation: isolated (any Actor)? = #isolation, _ body: (LinkRig) async throws -> Void
    ) async throws {
        var settings = RedisSettings(url: try RedisURL(url))
        change(&settings)
        let rig = try await LinkRig(settings, first)
        do {
            try await body(rig)
        } catch {
            try await rig.close()
            try await rig.group.shutdownGracefully()
            throw error
        }
        try await rig.close()
        try await rig.group.shutdownGracefully()
        let deaf = rig.callers.withLock { $0.filter { $0.timesHeard != 1 }.map(\.timesHeard) }
        #expect(deaf.isEmpty, "some callers heard not exactly once but so often: \(deaf)")
    }

    private init(_ settings: RedisSettings, _ first: [[String]]) async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let loop = group.next()
        self.group = group
        let metrics = metrics
        let handler = InMemoryLogHandler()
        let logger = Logger(label: "link", factory: { _ in handler })
        let readyTimes = ReadyTimes()
        self.loop = loop
        log = handler
        self.readyTimes = readyTimes
        link = try await loop.submit {
            let link = RedisLink(eventLoop: loop, settings: settings, logger: logger, metrics: metrics) {
                link in
                readyTimes.count.withLock { $0 += 1 }
                for command in first { _ = link.call(command) }
            }
            link.start()
            return NIOLoopBound(link, eventLoop: loop)
        }.get()
    }

    /// Sends commands in one tick of the loop, without waiting for answers.
    func ask(_ commands: [[String]]) async throws -> [Caller] {
        let link = link
        let callers = try await loop.submit { [loop] in
            commands.map { arguments in
                let caller = Caller(loop)
                link.value.send(argumentCount: arguments.count, to: caller) { writer in
                    for argument in arguments { writer.append(argument) }
                }
                return caller
            }
        }.get()
        self.callers.withLock { $0 += callers }
        return callers
    }

    /// Sends commands in one tick of the loop and awaits all answers.
    func send(_ commands: [[String]]) async throws -> [Answer] {
        var answers: [Answer] = []
        for caller in try await ask(commands) { answers.append(try await caller.answer()) }
        return answers
    }

    func send(_ arguments: String...) async throws -> Answer { try await send([arguments])[0] }

    /// Runs `body` with the link, on its loop.
    func onLoop<Value: Sendable>(_ body: @escaping @Sendable (RedisLink) throws -> Value) async throws
        -> Value
    {
        let link = link
        return try await loop.submit { try body(link.value) }.get()
    }

    func close() async throws {
        let link = link
        try await loop.flatSubmit { link.value.close() }.get()
    }
}

private final class ReadyTimes: Sendable {
    let count = Mutex(0)
}
