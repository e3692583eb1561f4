// A lane in a time that the test moves, with connections whose other ends the test holds.

import NIOCore
import NIOEmbedded
import Testing
import Traces

@testable import LoadGeneration

/// Connections are numbered in the order in which they were made.
final class LaneRig {
    /// Of a trace; two such batches are read ahead.
    static let rowsTogether = 50

    let loop = EmbeddedEventLoop()
    let lane: LoadLane
    private let network: Network
    private let tape: Tape
    private let end = End()

    private final class End {
        var isReached = false
    }

    private final class Network {
        var channels: [EmbeddedChannel] = []
        /// What was sent on each and not answered.
        var received: [ByteBuffer] = []
        /// Whether nobody listens.
        var refuses = false
    }

    /// What is read of a trace.
    private final class Tape {
        var batches: TraceBatches?
        /// Whether nothing is handed over for now, and what would be.
        var isHeld = false
        var held: [() -> Void] = []
    }

    /// A load.
    convenience init(history: HistoryWriter? = nil, _ change: (inout LoadSettings) -> Void) throws {
        var settings = LoadSettings()
        settings.warmUpMs = 0
        change(&settings)
        try self.init(settings, history: history)
    }

    /// A replay.
    /// - Parameter trace: its rows, without a header.
    convenience init(
        trace: String, _ replay: (inout Replay) -> Void = { _ in },
        _ change: (inout LoadSettings) -> Void = { _ in }
    ) throws {
        var described = Replay(trace: "trace.csv")
        replay(&described)
        var settings = LoadSettings(described)
        change(&settings)
        let text = "offset_ms,account,function,duration_ms\n" + trace
        try self.init(
            settings,
            batches: TraceBatches(
                try TraceReader(Array(text.utf8)), copies: described.copies, rowsTogether: Self.rowsTogether))
    }

    private init(_ settings: LoadSettings, history: HistoryWriter? = nil, batches: TraceBatches? = nil) throws
    {
        try settings.check()
        let network = Network()
        let tape = Tape()
        tape.batches = batches
        let loop = loop
        lane = LoadLane(
            settings, lane: 0, lanes: 1, epoch: Epoch(deadline: loop.now, wallNs: 1_770_000_000_000_000_000),
            idPrefix: "run-", eventLoop: loop, history: history,
            readOn: { take in
                guard let batch = tape.batches?.next() else { return }
                if tape.isHeld { tape.held.append { take(batch) } } else { take(batch) }
            }
        ) { _, connection in
            guard !network.refuses else { return loop.makeFailedFuture(LoadError("nobody listens")) }
            let channel = EmbeddedChannel(handler: connection, loop: loop)
            network.channels.append(channel)
            network.received.append(ByteBuffer())
            do {
                return channel.connect(to: try SocketAddress(ipAddress: "127.0.0.1", port: 7_400))
            } catch {
                return loop.makeFailedFuture(error)
            }
        }
        self.network = network
        self.tape = tape
    }

    deinit { lane.finish() }

    var ended: Bool { end.isReached }
    var connectionCount: Int { network.channels.count }

    // MARK: Time

    /// Opens the lane, with every peek answered, and begins.
    func begin() throws {
        let opened = lane.open()
        loop.run()
        try answerAll()
        try opened.wait()
        lane.run(from: lane.nowNs).assumeIsolated().whenComplete { [end] _ in end.isReached = true }
    }

    /// Moves the time ms by ms, with `each` after every one.
    func advance(ms: Int, each: (_ ms: Int) throws -> Void) rethrows {
        for ms in 1...ms {
            loop.advanceTime(by: .milliseconds(1))
            try each(ms)
        }
    }

    func advance(ms: Int) { advance(ms: ms) { _ in } }

    // MARK: The other ends

    /// Requests that wait for an answer, on all connections.
    func requests() throws -> [(connection: Int, request: Request)] {
        var requests: [(connection: Int, request: Request)] = []
        for (connection, channel) in network.channels.enumerated() {
            while let bytes = try channel.readOutbound(as: ByteBuffer.self) {
                network.received[connection].writeImmutableBuffer(bytes)
            }
            var rest = network.received[connection]
            while let request = Request(from: &rest) { requests.append((connection, request)) }
        }
        return requests
    }

    /// Answers the request that waits on a connection.
    func answer(_ connection: Int, _ text: String) throws {
        network.received[connection].clear()
        try network.channels[connection].writeInbound(ByteBuffer(string: text))
        loop.run()
    }

    /// Answers, and answers what is asked then, until nobody asks.
    func answerAll() throws {
        while true {
            let waiting = try requests()
            guard !waiting.isEmpty else { return }
            for (connection, request) in waiting { try answer(connection, try request.reply()) }
        }
    }

    /// Answers each request that waits now, once.
    func answerOnce(_ reply: (Request) throws -> String = { try $0.reply() }) throws {
        for (connection, request) in try requests() { try answer(connection, try reply(request)) }
    }

    func hangUp(_ connection: Int) {
        network.received[connection].clear()
        network.channels[connection].close(promise: nil)
        loop.run()
    }

    /// Hands nothing of the trace over until told otherwise.
    func holdTrace(_ isHeld: Bool) {
        tape.isHeld = isHeld
        guard !isHeld else { return }
        for handOver in tape.held { handOver() }
        tape.held = []
        loop.run()
    }

    func refuseConnections(_ refuses: Bool) { network.refuses = refuses }
}
