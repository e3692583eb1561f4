// A client and a server with real sockets between them, for what only sockets do: ends, resets,
// timeouts.

import Accounting
import Logging
import NIOCore
import NIOPosix
import Synchronization

@testable import RunnerAPI

/// One connection. Reading waits for the server, which ends every wait by replying or closing.
struct SocketClient: ~Copyable {
    private var inbound: NIOAsyncChannelInboundStream<ByteBuffer>.AsyncIterator
    private let outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>
    private var unread = ""

    /// - Parameter receiveBuffer: bytes the kernel keeps for a client that does not read.
    static func connected<Value>(
        to address: SocketAddress, receiveBuffer: Int? = nil,
        _ body: (inout SocketClient) async throws -> Value
    ) async throws -> Value {
        var bootstrap = ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .channelOption(.allowRemoteHalfClosure, value: true)
        if let receiveBuffer {
            bootstrap = bootstrap.channelOption(.socketOption(.so_rcvbuf), value: receiveBuffer)
        }
        let channel =
            try await bootstrap
            .connect(to: address) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try NIOAsyncChannel<ByteBuffer, ByteBuffer>(
                        wrappingChannelSynchronously: channel,
                        configuration: .init(isOutboundHalfClosureEnabled: true))
                }
            }
        return try await channel.executeThenClose { inbound, outbound in
            var client = SocketClient(inbound: inbound.makeAsyncIterator(), outbound: outbound)
            return try await body(&client)
        }
    }

    private init(
        inbound: NIOAsyncChannelInboundStream<ByteBuffer>.AsyncIterator,
        outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>
    ) {
        self.inbound = inbound
        self.outbound = outbound
    }

    func send(_ text: String) async throws { try await outbound.write(ByteBuffer(string: text)) }

    func endInput() { outbound.finish() }

    /// The next whole reply; what there was if the server closes before it is complete.
    mutating func reply() async throws -> String {
        while true {
            if let head = unread.firstRange(of: "\r\n\r\n"),
                let length = unread[..<head.lowerBound].firstMatch(of: /Content-Length: (\d+)/).flatMap({
                    Int($0.output.1)
                }),
                unread[head.upperBound...].utf8.count >= length
            {
                let end = unread.utf8.index(head.upperBound, offsetBy: length)
                defer { unread.removeSubrange(..<end) }
                return String(unread[..<end])
            }
            guard let bytes = try await inbound.next() else { break }
            unread += String(buffer: bytes)
        }
        defer { unread = "" }
        return unread
    }

    /// Everything up to the server's close.
    mutating func rest() async throws -> String {
        while let bytes = try await inbound.next() { unread += String(buffer: bytes) }
        return unread
    }

    mutating func ask(_ text: String) async throws -> String {
        try await send(text)
        return try await reply()
    }
}

/// Lets a test answer the questions of a server's loops when it wants to.
final class LedgerGate: Sendable {
    private let doors = Mutex<[(any EventLoop, NIOLoopBound<ScriptedLedger>)]>([])
    private let questions: AsyncStream<Void>
    private let asked: AsyncStream<Void>.Continuation

    init() { (questions, asked) = AsyncStream.makeStream() }

    func makeLedger(on eventLoop: any EventLoop) -> any Ledger {
        let ledger = ScriptedLedger(clock: ManualClock()) { [asked] in asked.yield() }
        doors.withLock { $0.append((eventLoop, NIOLoopBound(ledger, eventLoop: eventLoop))) }
        return ledger
    }

    /// Waits until so many questions have been put.
    func waitForQuestions(_ count: Int) async {
        var waiting = questions.makeAsyncIterator()
        for _ in 0..<count { await waiting.next() }
    }

    /// Answers everything that waits.
    func open() async throws {
        for (eventLoop, ledger) in doors.withLock({ $0 }) {
            try await eventLoop.submit {
                while !ledger.value.waiting.isEmpty { ledger.value.answer() }
            }.get()
        }
    }
}

extension RunnerServer {
    /// Runs a server on an address of its own, and stops it whatever happens.
    static func running(
        loops: Int = 1, _ change: (inout RunnerSettings) -> Void = { _ in },
        metrics: RecordedMetrics = RecordedMetrics(),
        gate: LedgerGate? = nil, _ body: (RunnerServer, SocketAddress) async throws -> Void
    ) async throws {
        var settings = RunnerSettings()
        settings.address?.port = 0
        change(&settings)
        let group = MultiThreadedEventLoopGroup(numberOfThreads: loops)
        let clock = ManualClock()
        let ledger = MemoryLedger { clock.now }
        let server = RunnerServer(
            settings: settings, group: group, plans: try .builtIn(),
            makeLedger: { eventLoop in gate?.makeLedger(on: eventLoop) ?? ledger },
            random: { SystemRandomNumberGenerator() }, logger: Logger(label: "test"), metrics: metrics)
        let outcome: Result<Void, any Error>
        do {
            try await server.start()
            try await body(server, server.addresses[0])
            outcome = .success(())
        } catch {
            outcome = .failure(error)
        }
        try await server.drain(deadline: .zero)
        try await group.shutdownGracefully()
        try outcome.get()
    }
}
