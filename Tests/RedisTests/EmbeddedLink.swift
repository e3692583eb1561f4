// A link in a time that the test moves, with connections whose other ends the test holds.

import InMemoryLogging
import Logging
import MetricsTestKit
import NIOCore
import NIOEmbedded
import TestServers
import Testing

@testable import Redis

/// Used on the thread that made it, as its loop demands: in tests that are not async.
final class EmbeddedLink {
    let loop = EmbeddedEventLoop()
    let link: RedisLink
    let metrics = TestMetrics()
    private let log = InMemoryLogHandler()
    private let network = Network()
    private let readiness = Readiness()

    /// What the link finds when it dials.
    enum Listener {
        case accepts
        case refuses
        /// Nobody answers.
        case hangs
    }

    private final class Network {
        var listener = Listener.accepts
        private var promises: [EventLoopPromise<any Channel>] = []
        var channels: [EmbeddedChannel] = []
        var dialledAt: [NIODeadline] = []

        func dial(on loop: EmbeddedEventLoop) -> EventLoopFuture<any Channel> {
            dialledAt.append(loop.now)
            switch listener {
            case .refuses: return loop.makeFailedFuture(Refused())
            case .hangs: return hanging(on: loop)
            case .accepts:
                let channel = EmbeddedChannel(loop: loop)
                channels.append(channel)
                do {
                    let address = try SocketAddress(ipAddress: "127.0.0.1", port: 6_379)
                    return channel.connect(to: address).map { channel as any Channel }
                } catch {
                    return loop.makeFailedFuture(error)
                }
            }
        }

        /// A future that never completes. Its promise is held, since NIO minds one that is let go.
        private func hanging(on loop: EmbeddedEventLoop) -> EventLoopFuture<any Channel> {
            let promise = loop.makePromise(of: (any Channel).self)
            promises.append(promise)
            return promise.futureResult
        }
    }

    private final class Readiness {
        var count = 0
    }

    private struct Refused: Error, CustomStringConvertible {
        let description = "nobody listens"
    }

    /// Draws the greatest value of every range, so that every pause is as long as it may be.
    private struct Highest: RandomNumberGenerator {
        mutating func next() -> UInt64 { .max }
    }

    init(_ change: (inout RedisSettings) -> Void = { _ in }) throws {
        var settings = RedisSettings(url: try RedisURL("redis://h"))
        settings.commandDeadline = .milliseconds(75)
        change(&settings)
        let (loop, network, readiness, log) = (loop, network, readiness, log)
        link = RedisLink(
            eventLoop: loop, settings: settings, logger: Logger(label: "link", factory: { _ in log }),
            metrics: metrics, random: Highest(),
            dial: { network.dial(on: loop) }
        ) { _ in readiness.count += 1 }
        link.start()
        loop.run()
    }

    deinit { link.close() }

    /// A link whose first connection takes commands.
    static func ready(_ change: (inout RedisSettings) -> Void = { _ in }) throws -> EmbeddedLink {
        let rig = try EmbeddedLink(change)
        try rig.reply("+PONG\r\n")
        _ = try rig.received()
        return rig
    }

    var listener: Listener {
        get { network.listener }
        set { network.listener = newValue }
    }

    /// When the link dialled, in ms since the beginning.
    var dialledAtMs: [Int] { network.dialledAt.map { Int($0.uptimeNanoseconds / 1_000_000) } }
    /// How often the link has become ready.
    var readyCount: Int { readiness.count }
    var isOpen: Bool { network.channels.last?.isActive == true }
    /// The `reason` of every warning, in order.
    var warnings: [String] {
        log.entries.filter { $0.level == .warning }.map { "\($0.metadata["reason"] ?? "none")" }
    }
    var nowMs: Int { Int(loop.now.uptimeNanoseconds / 1_000_000) }

    func advance(ms: Int) { loop.advanceTime(by: .milliseconds(Int64(ms))) }

    /// Sends commands in one tick of the loop, each a word or several.
    @discardableResult
    func ask(_ commands: String...) -> [Asker] {
        let askers = commands.map { command in
            let asker = Asker(loop)
            let words = command.split(separator: " ")
            link.send(argumentCount: words.count, to: asker) { writer in
                for word in words { writer.append(String(word)) }
            }
            return asker
        }
        loop.run()
        return askers
    }

    // MARK: The other end of the latest connection

    /// What came since the last time.
    func received() throws -> String {
        var text = ""
        while let bytes = try network.channels.last?.readOutbound(as: ByteBuffer.self) {
            text += String(buffer: bytes)
        }
        return text
    }

    /// Sends these bytes.
    func reply(_ text: String) throws {
        try network.channels.last?.writeInbound(ByteBuffer(string: text))
        loop.run()
    }

    /// Plays a script on the latest connection, whatever becomes of that meanwhile. What it is to
    /// receive has come.
    func play(_ steps: [ScriptedServer.Step]) throws {
        guard let channel = network.channels.last else { return }
        for step in steps {
            switch step {
            case .receive: break
            case .send(let text), .answerAll(let text): try send([Array(text.utf8)], on: channel)
            case .sendPieces(let pieces): try send(pieces, on: channel)
            case .trickle(let text, let pause):
                for byte in text.utf8 {
                    loop.advanceTime(by: TimeAmount(pause))
                    try send([[byte]], on: channel)
                }
            case .pause(let duration): loop.advanceTime(by: TimeAmount(duration))
            case .close: if channel.isActive { channel.close(promise: nil) }
            }
            loop.run()
        }
    }

    private func send(_ pieces: [[UInt8]], on channel: EmbeddedChannel) throws {
        for piece in pieces where channel.isActive { try channel.writeInbound(ByteBuffer(bytes: piece)) }
    }

    /// Moves the time until there is another connection than now, and it is open.
    func untilNextConnection() throws {
        let count = network.channels.count
        for _ in 0..<2_000 where !(isOpen && network.channels.count > count) { advance(ms: 1) }
        try #require(isOpen && network.channels.count > count)
    }

    func closeConnection() {
        network.channels.last?.close(promise: nil)
        loop.run()
    }

    /// Whether the socket takes bytes.
    var isWritable: Bool {
        get { network.channels.last?.isWritable == true }
        set {
            network.channels.last?.isWritable = newValue
            network.channels.last?.pipeline.fireChannelWritabilityChanged()
            loop.run()
        }
    }
}

/// Who asked, and what they got.
final class Asker: ReplySink {
    private let loop: EmbeddedEventLoop
    private(set) var results: [Result<RedisReply, RedisFailure>] = []
    /// When the last of them came, in ms since the beginning.
    private(set) var answeredAtMs: Int?

    init(_ loop: EmbeddedEventLoop) { self.loop = loop }

    func receive(_ reply: Result<RedisReply, RedisFailure>) {
        results.append(reply)
        answeredAtMs = Int(loop.now.uptimeNanoseconds / 1_000_000)
    }

    /// What it got, if it got anything, and nothing twice.
    var result: Result<RedisReply, RedisFailure>? { results.count == 1 ? results[0] : nil }

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
