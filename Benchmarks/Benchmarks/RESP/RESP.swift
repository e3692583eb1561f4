// What a call of the ledger's script costs the Redis client: EVALSHA written as RESP, its reply
// read and handed to who waits. The server beyond the loopback is a stub in the same thread that
// answers without looking, so its socket is in the numbers and its thinking is not.

import Benchmark
import Logging
import Metrics
import NIOCore
import NIOPosix
import Redis

let benchmarks: @Sendable () -> Void = {
    Benchmark.defaultConfiguration = .init(
        metrics: [.wallClock, .throughput], maxDuration: .seconds(2))

    for calls in [1, 16, 64] {
        Benchmark("\(calls) at a time, 1,000 times") { benchmark in
            let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
            let stub = try ServerBootstrap(group: group)
                .childChannelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try channel.pipeline.syncOperations.addHandler(Stub())
                    }
                }
                .bind(host: "127.0.0.1", port: 0).wait()
            let port = stub.localAddress?.port ?? 0
            let settings = RedisSettings(url: try RedisURL("redis://127.0.0.1:\(port)"))
            let link = try ready(settings, on: group.next())
            benchmark.startMeasurement()
            for _ in benchmark.scaledIterations {
                try link.eventLoop.flatSubmit {
                    Caller(link.value, calls: calls, rounds: 1_000).start()
                }.wait()
            }
            benchmark.stopMeasurement()
            try link.eventLoop.flatSubmit { link.value.close() }.wait()
            try group.syncShutdownGracefully()
        }
    }
}

/// A link that takes commands.
private func ready(_ settings: RedisSettings, on loop: any EventLoop) throws -> NIOLoopBound<RedisLink> {
    let promise = loop.makePromise(of: NIOLoopBound<RedisLink>.self)
    loop.execute {
        RedisLink(
            eventLoop: loop, settings: settings, logger: Logger(label: "benchmark"),
            metrics: NOOPMetricsHandler.instance
        ) { link in
            promise.succeed(NIOLoopBound(link, eventLoop: loop))
        }.start()
    }
    return try promise.futureResult.wait()
}

/// Writes so many calls at once, waits for all replies, and writes again. Lives on the link's loop.
private final class Caller: ReplySink {
    private let link: RedisLink
    private let calls: Int
    private var rounds: Int
    private var waiting = 0
    private let done: EventLoopPromise<Void>

    init(_ link: RedisLink, calls: Int, rounds: Int) {
        self.link = link
        self.calls = calls
        self.rounds = rounds
        done = link.eventLoop.makePromise()
    }

    func start() -> EventLoopFuture<Void> {
        call()
        return done.futureResult
    }

    private func call() {
        guard rounds > 0 else { return done.succeed() }
        rounds -= 1
        waiting = calls
        for _ in 0..<calls {
            link.send(argumentCount: Call.arguments.count, to: self) { writer in
                for argument in Call.arguments { writer.append(argument) }
            }
        }
    }

    func receive(_ reply: Result<RedisReply, RedisFailure>) {
        switch reply {
        case .success(.bulk(let bytes)): blackHole(bytes.readableBytes)
        case .success(let other): return done.fail(Unexpected(what: "\(other)"))
        case .failure(let failure): return done.fail(failure)
        }
        waiting -= 1
        if waiting == 0 { call() }
    }
}

private struct Unexpected: Error { let what: String }

/// One admission, as the ledger asks it for the built-in plan: sizes are right, contents do not
/// matter.
private enum Call {
    static let arguments: [ByteBuffer] = [
        "EVALSHA", "0123456789abcdef0123456789abcdef01234567", "1", "stint:{acct-0000042}", "",
        String(repeating: "p", count: 58), "run-0123456789abcdef",
    ].map { ByteBuffer(string: $0) }

    /// How long it is as RESP.
    static let byteCount =
        "*7\r\n".utf8.count
        + arguments.reduce(0) { $0 + "$\($1.readableBytes)\r\n".utf8.count + $1.readableBytes + 2 }

    static let reply = ByteBuffer(string: "$49\r\n" + String(repeating: "r", count: 49) + "\r\n")
}

/// Answers PONG to what comes first, and a reply of the script's size to every call.
private final class Stub: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private var wasGreeted = false
    private var unanswered = 0

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var out = context.channel.allocator.buffer(capacity: 4_096)
        unanswered += unwrapInboundIn(data).readableBytes
        if !wasGreeted {
            wasGreeted = true
            unanswered -= "*1\r\n$4\r\nPING\r\n".utf8.count
            out.writeStaticString("+PONG\r\n")
        }
        while unanswered >= Call.byteCount {
            unanswered -= Call.byteCount
            out.writeImmutableBuffer(Call.reply)
        }
        context.writeAndFlush(wrapOutboundOut(out), promise: nil)
    }
}
