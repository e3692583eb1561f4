// One connection to one sentinel, for one question or for its announcements. Unlike a link it is
// not opened again, and after SUBSCRIBE replies come that no command asked for.

import NIOCore

/// Greets a sentinel, sends it commands, and passes on every reply. To be used on the event loop.
final class SentinelConnection: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    /// How often a connection that stays is tested.
    private static let pingInterval = TimeAmount.seconds(1)

    private let eventLoop: any EventLoop
    private let settings: RedisSettings
    private let commands: [[String]]
    private let metrics: LinkMetrics?
    private let onReply: (RedisReply) -> Void
    private let onEnd: (String) -> Void
    private let decoder: ReplyDecoder
    private var greeting: Greeting?
    private var channel: (any Channel)?
    private var timer: Scheduled<Void>?
    private var isEnded = false
    /// Whether anything came since the last PING.
    private var isAlive = false

    /// - Parameters:
    ///   - settings: those of this sentinel.
    ///   - commands: sent behind the greeting.
    ///   - metrics: counts the connection; nil: nothing does.
    ///   - onReply: receives the replies to them, and whatever else comes.
    ///   - onEnd: runs once when the connection fails or is silent, unless it was closed.
    init(
        eventLoop: any EventLoop, settings: RedisSettings, commands: [[String]],
        metrics: LinkMetrics? = nil, onReply: @escaping (RedisReply) -> Void,
        onEnd: @escaping (String) -> Void
    ) {
        self.eventLoop = eventLoop
        self.settings = settings
        self.commands = commands
        self.metrics = metrics
        self.onReply = onReply
        self.onEnd = onEnd
        decoder = ReplyDecoder(maximumReplyBytes: settings.maximumReplyBytes)
        greeting = Greeting(url: settings.url)
    }

    /// Connects. All commands must be answered within the deadline for connecting.
    func open(with dialer: Dialer) {
        timer = eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(settings.connectDeadline)) {
            self.end("no answer within \(self.settings.connectDeadline)")
        }
        dialer.dial().assumeIsolated().whenComplete { self.opened($0) }
    }

    private func opened(_ result: Result<any Channel, any Error>) {
        do {
            let channel = try result.get()
            guard !isEnded else { return channel.close(promise: nil) }
            self.channel = channel
            try channel.pipeline.syncOperations.addHandler(self)
            var writer = CommandWriter()
            greeting?.write(to: &writer)
            for command in commands { Self.write(command, to: &writer) }
            channel.writeAndFlush(writer.buffer, promise: nil)
        } catch {
            end("cannot connect: \(Dialer.text(of: error))")
        }
    }

    private static func write(_ command: [String], to writer: inout CommandWriter) {
        writer.beginCommand(argumentCount: command.count)
        for argument in command { writer.append(argument) }
        writer.endCommand()
    }

    /// From now on the connection stays, and must answer a PING each second.
    func stay() {
        timer?.cancel()
        timer = eventLoop.assumeIsolated().scheduleTask(in: Self.pingInterval) { self.ping() }
    }

    private func ping() {
        guard !isEnded else { return }
        guard isAlive else { return end("no answer within \(Self.pingInterval.nanoseconds / 1_000_000) ms") }
        isAlive = false
        var writer = CommandWriter()
        Self.write(["PING"], to: &writer)
        channel?.writeAndFlush(writer.buffer, promise: nil)
        stay()
    }

    func close() {
        if !isEnded, isGreeted { metrics?.disconnected(hasFailed: false) }
        leave()
    }

    private var isGreeted: Bool { channel != nil && greeting == nil }

    private func leave() {
        isEnded = true
        timer?.cancel()
        channel?.close(promise: nil)
        channel = nil
    }

    private func end(_ reason: String) {
        guard !isEnded else { return }
        if isGreeted { metrics?.disconnected() }
        leave()
        onEnd(reason)
    }

    // MARK: - What the connection brings

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isEnded else { return }
        isAlive = true
        do throws(ReplyDecodingError) {
            try decoder.feed(unwrapInboundIn(data))
            while !isEnded, let reply = try decoder.next() { receive(reply) }
        } catch {
            end("an invalid reply: \(error.reason)")
        }
    }

    private func receive(_ reply: RedisReply) {
        guard var greeting else { return onReply(reply) }
        switch greeting.judge(reply) {
        case .more: self.greeting = greeting
        case .welcome:
            self.greeting = nil
            metrics?.connected()
        case .refused(let reason): end("it refuses: \(reason)")
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        end("it closed the connection")
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        end("the connection failed: \(Dialer.text(of: error))")
        context.close(promise: nil)
    }
}
