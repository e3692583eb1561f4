// A server that misbehaves by script: each connection runs its list of steps, then stays silent and
// open. It knows just enough RESP to count the commands that arrive.

import NIOCore
import NIOPosix
import Synchronization

/// A bad Redis on a Unix socket. `ScriptedServer.withServer(script) { server in ... }` is the way
/// to have one.
public final class ScriptedServer: Sendable {
    /// One thing a connection does, in order.
    public enum Step: Sendable {
        /// Waits until this many more whole commands have arrived.
        case receive(Int)
        /// Sends these bytes.
        case send(String)
        /// Sends these bytes, in writes of their own.
        case sendPieces([[UInt8]])
        /// Sends these bytes one by one, with a pause before each.
        case trickle(String, every: Duration)
        /// Answers each further command with these bytes, for ever.
        case answerAll(with: String)
        /// Does nothing for a while.
        case pause(Duration)
        case close
    }

    private let directory: TemporaryDirectory
    /// A thread of its own, so that one test's work is not another's delay.
    private let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    private let scripts: [[Step]]
    private let counts = Mutex((connections: 0, commands: 0))
    private let listener: Mutex<(any Channel)?> = Mutex(nil)
    private let open = Mutex<[ObjectIdentifier: any Channel]>([:])

    /// `unix://` and the socket's path.
    public var url: String { "unix://\(socketPath)" }
    public var socketPath: String { directory.file("scripted.sock") }
    /// How many connections were accepted so far.
    public var connectionCount: Int { counts.withLock { $0.connections } }
    /// How many whole commands arrived so far, on all connections.
    public var commandCount: Int { counts.withLock { $0.commands } }

    /// Starts a server whose n-th connection plays the n-th script, further ones the last; ends it
    /// after `body`.
    public static func withServer<Result>(
        _ scripts: [Step]..., isolation: isolated (any Actor)? = #isolation,
        _ body: (ScriptedServer) async throws -> Result
    ) async throws -> Result {
        try await withServer(playing: scripts, body)
    }

    public static func withServer<Result>(
        playing scripts: [[Step]], isolation: isolated (any Actor)? = #isolation,
        _ body: (ScriptedServer) async throws -> Result
    ) async throws -> Result {
        let server = try ScriptedServer(scripts)
        do {
            try await server.listen()
            let result = try await body(server)
            try await server.stop()
            return result
        } catch {
            try await server.stop()
            throw error
        }
    }

    private init(_ scripts: [[Step]]) throws {
        self.scripts = scripts
        directory = try TemporaryDirectory()
    }

    private func listen() async throws {
        let channel = try await ServerBootstrap(group: group)
            .childChannelInitializer { [self] channel in
                let number = counts.withLock { counts in
                    counts.connections += 1
                    return counts.connections
                }
                let identity = ObjectIdentifier(channel)
                open.withLock { $0[identity] = channel }
                channel.closeFuture.whenComplete { [self] _ in open.withLock { $0[identity] = nil } }
                return channel.eventLoop.makeCompletedFuture {
                    let player = Player(scripts[min(number, scripts.count) - 1]) { [self] in
                        counts.withLock { $0.commands += 1 }
                    }
                    try channel.pipeline.syncOperations.addHandler(player)
                }
            }
            .bind(unixDomainSocketPath: socketPath).get()
        listener.withLock { $0 = channel }
    }

    private func stop() async throws {
        if let channel = listener.withLock({ $0 }) { try await channel.close() }
        for channel in open.withLock({ Array($0.values) }) { channel.close(promise: nil) }
        try await eventually("the scripted server's connections are closed") { open.withLock { $0.isEmpty } }
        try await group.shutdownGracefully()
        directory.remove()
    }
}

/// Plays one script on one connection.
private final class Player: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private var steps: ArraySlice<ScriptedServer.Step>
    private let onCommand: () -> Void
    private var bytes = ByteBuffer()
    private var received = 0
    private var isBusy = false

    init(_ script: [ScriptedServer.Step], onCommand: @escaping () -> Void) {
        steps = script[...]
        self.onCommand = onCommand
    }

    func handlerAdded(context: ChannelHandlerContext) {
        if context.channel.isActive { play(context) }
    }

    func channelActive(context: ChannelHandlerContext) { play(context) }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        bytes.writeImmutableBuffer(unwrapInboundIn(data))
        while bytes.skipCommand() {
            received += 1
            onCommand()
        }
        play(context)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }

    private func play(_ context: ChannelHandlerContext) {
        while !isBusy, context.channel.isActive, let step = steps.first, canTake(step) {
            // Taken before it is acted on: writing and closing may call back.
            steps.removeFirst()
            take(step, context)
        }
    }

    private func canTake(_ step: ScriptedServer.Step) -> Bool {
        switch step {
        case .receive(let count): received >= count
        case .answerAll: received > 0
        case .send, .sendPieces, .trickle, .pause, .close: true
        }
    }

    private func take(_ step: ScriptedServer.Step, _ context: ChannelHandlerContext) {
        switch step {
        case .receive(let count):
            received -= count
        case .answerAll(let text):
            let answers = String(repeating: text, count: received)
            received = 0
            steps = [step] + steps
            send(answers, context)
        case .send(let text):
            send(text, context)
        case .sendPieces(let pieces):
            for piece in pieces { context.channel.writeAndFlush(ByteBuffer(bytes: piece), promise: nil) }
        case .trickle(let text, let interval):
            guard let first = text.utf8.first else { return }
            let rest = String(decoding: text.utf8.dropFirst(), as: UTF8.self)
            let next = String(decoding: [first], as: UTF8.self)
            steps = [.pause(interval), .send(next), .trickle(rest, every: interval)] + steps
        case .pause(let duration):
            isBusy = true
            context.eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(duration)) {
                self.isBusy = false
                self.play(context)
            }
        case .close:
            context.close(promise: nil)
        }
    }

    private func send(_ text: String, _ context: ChannelHandlerContext) {
        context.channel.writeAndFlush(ByteBuffer(string: text), promise: nil)
    }
}

extension ByteBuffer {
    /// Moves past one whole command, an array of bulk strings; false when there is none yet.
    fileprivate mutating func skipCommand() -> Bool {
        var rest = self
        guard let count = rest.skipHeader() else { return false }
        for _ in 0..<count {
            guard let length = rest.skipHeader(), rest.readableBytes >= length + 2 else { return false }
            rest.moveReaderIndex(forwardBy: length + 2)
        }
        self = rest
        return true
    }

    /// Moves past `*3\r\n` or `$5\r\n` and returns the number.
    private mutating func skipHeader() -> Int? {
        guard let end = readableBytesView.firstIndex(of: 0x0D), end + 1 < writerIndex else { return nil }
        let digits = readableBytesView[readerIndex + 1..<end]
        moveReaderIndex(to: end + 2)
        return Int(String(decoding: digits, as: UTF8.self))
    }
}
