// A client whose server runs in the same thread, without sockets and without its own clock: exact
// bytes in, exact bytes out, and time that the test moves.

import Accounting
import Deciding
import Logging
import NIOCore
import NIOEmbedded

@testable import RunnerAPI

/// Counts the reads that get past the connection.
final class ReadProbe: ChannelOutboundHandler {
    typealias OutboundIn = ByteBuffer
    var reads = 0

    func read(context: ChannelHandlerContext) {
        reads += 1
        context.read()
    }
}

final class EmbeddedClient {
    let clock = ManualClock()
    let metrics = RecordedMetrics()
    let eventLoop = EmbeddedEventLoop()
    let runner: RunnerLoop
    let scripted: ScriptedLedger
    let probe = ReadProbe()
    private(set) var channel: EmbeddedChannel

    static func plans(
        whenUnavailable: UnavailablePolicy = .deny, limits: [Limit]? = nil, kinds: [String: Ceiling]? = nil
    ) throws -> PlanBook {
        let standard = try Plan.serverless()
        let plan = try Plan(
            name: "serverless", limits: limits ?? standard.limits, kinds: kinds ?? standard.kinds,
            whenUnavailable: whenUnavailable)
        return try PlanBook(plans: [plan], default: plan.name)
    }

    /// - Parameters:
    ///   - isScripted: whether the test answers the questions, or a real ledger does at once.
    ///   - isTrusted: whether it came through the Unix socket.
    init(
        isScripted: Bool = false, isTrusted: Bool = false, settings: RunnerSettings = RunnerSettings(),
        plans: PlanBook? = nil
    ) throws {
        scripted = ScriptedLedger(clock: clock)
        let ledger: any Ledger = isScripted ? scripted : MemoryLedger { [clock] in clock.now }
        let accountant = Accountant(plans: try plans ?? .builtIn(), random: CountingGenerator())
        let serverMetrics = ServerMetrics(factory: metrics)
        let desk = DecisionDesk(
            accountant: accountant, ledger: ledger, degraded: DegradedLedger { [clock] in clock.now },
            metrics: metrics,
            openQuestions: serverMetrics.openQuestions)
        runner = RunnerLoop(
            on: eventLoop, settings: settings, desk: desk, metrics: serverMetrics,
            logger: Logger(label: "test"))
        channel = EmbeddedChannel(loop: eventLoop)
        try open(channel, isTrusted: isTrusted)
    }

    private func open(_ channel: EmbeddedChannel, isTrusted: Bool = false) throws {
        try channel.pipeline.syncOperations.addHandler(probe)
        try runner.welcome(channel, isTrusted: isTrusted)
        channel.connect(to: try SocketAddress(ipAddress: "127.0.0.1", port: 1), promise: nil)
    }

    /// Leaves the connection open as it is and goes on with a new one.
    func reconnect(isTrusted: Bool = false) throws {
        channel = EmbeddedChannel(loop: eventLoop)
        try open(channel, isTrusted: isTrusted)
    }

    var isOpen: Bool { channel.isActive }

    func send(_ text: String) throws { try send(Array(text.utf8)) }

    /// In pieces no larger than a socket's.
    func send(_ bytes: [UInt8]) throws {
        for start in stride(from: 0, to: bytes.count, by: 16_384) where channel.isActive {
            try channel.writeInbound(ByteBuffer(bytes: bytes[start..<min(bytes.count, start + 16_384)]))
        }
    }

    /// Everything the server has sent since the last call.
    func received() throws -> String {
        eventLoop.run()
        var text = ""
        while let bytes = try channel.readOutbound(as: ByteBuffer.self) { text += String(buffer: bytes) }
        return text
    }

    func ask(_ text: String) throws -> String {
        try send(text)
        return try received()
    }

    func endInput() { channel.pipeline.fireUserInboundEventTriggered(ChannelEvent.inputClosed) }

    func hangUp() {
        channel.close(promise: nil)
        eventLoop.run()
    }

    // MARK: Requests

    /// A request with a JSON body; an empty body has no fields of its own.
    static func post(_ path: String, _ body: String = "", fields: String = "") -> String {
        let type = body.isEmpty ? "" : "Content-Type: application/json\r\n"
        return
            "POST \(path) HTTP/1.1\r\nHost: localhost\r\n\(type)Content-Length: \(body.utf8.count)\r\n\(fields)\r\n\(body)"
    }

    static func get(_ path: String, method: String = "GET", fields: String = "") -> String {
        "\(method) \(path) HTTP/1.1\r\nHost: localhost\r\n\(fields)\r\n"
    }

    static func admit(_ body: String = "{}") -> String { post("/v1/accounts/acme/executions", body) }

    static func settle(_ id: String, _ body: String) -> String {
        post("/v1/accounts/acme/executions/\(id)/settle", body)
    }

    static let peek = get("/v1/accounts/acme/limits")

    /// A reply as it must be, to the byte.
    static func reply(_ status: String, _ fields: [String] = [], _ body: String, isHead: Bool = false)
        -> String
    {
        let isProblem = !status.hasPrefix("2")
        let head = [
            "HTTP/1.1 \(status)", "Content-Type: application/\(isProblem ? "problem+json" : "json")",
            "Content-Length: \(body.utf8.count)",
        ]
        return (head + fields).map { $0 + "\r\n" }.joined() + "\r\n" + (isHead ? "" : body)
    }
}
