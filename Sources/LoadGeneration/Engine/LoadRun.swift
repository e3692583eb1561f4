// A load for its callers: opens it, runs it, stops it early, and sums up its lanes.

import Glibc
public import NIOCore
import NIOPosix

/// A running load.
public final class LoadRun: Sendable {
    private struct Lane {
        let eventLoop: any EventLoop
        let value: NIOLoopBound<LoadLane>
    }

    private let settings: LoadSettings
    private let trace: TraceFeed?
    private let epoch: Epoch
    private let lanes: [Lane]

    private init(_ settings: LoadSettings, _ trace: TraceFeed?, _ epoch: Epoch, _ lanes: [Lane]) {
        self.settings = settings
        self.trace = trace
        self.epoch = epoch
        self.lanes = lanes
    }

    /// Makes all connections and sends each target one request. Then call ``report()``.
    /// - Parameters:
    ///   - settings: what to send, where, and for how long.
    ///   - group: its first `settings.eventLoops` loops send the load.
    ///   - trace: the trace to replay; nil: no replay.
    ///   - history: gets every request and reply; nil: no record.
    ///   - wallNs: the time of day, in ns since 1970.
    /// - Throws: ``LoadError`` if a setting is invalid or a target does not answer.
    public static func open(
        _ settings: LoadSettings, group: any EventLoopGroup, trace: TraceFeed? = nil,
        history: HistoryWriter? = nil, wallNs: Int
    ) async throws -> LoadRun {
        try settings.check()
        if case .recorded = settings.pace { precondition(trace != nil, "nothing to replay") }
        let epoch = Epoch(deadline: .now(), wallNs: wallNs)
        let loops = Array(group.makeIterator().prefix(settings.eventLoops))
        // The prefix of this run's ids: the time in ms is practically unique on one machine.
        let run = String(wallNs / 1_000_000, radix: 36)
        var lanes: [Lane] = []
        for (number, loop) in loops.enumerated() {
            let value = try await loop.submit {
                let lane = LoadLane(
                    settings, lane: number, lanes: loops.count, epoch: epoch,
                    idPrefix: number == 0 ? "\(run)-" : "\(run)-\(number)-", eventLoop: loop,
                    history: history,
                    readOn: { nextRequest in
                        let nextRequest = NIOLoopBound(nextRequest, eventLoop: loop)
                        trace?.next { batch in loop.execute { nextRequest.value(batch) } }
                    },
                    connect: { target, connection in
                        connect(target, connection, on: loop, timeoutMs: settings.timeoutMs)
                    })
                return NIOLoopBound(lane, eventLoop: loop)
            }.get()
            lanes.append(Lane(eventLoop: loop, value: value))
        }
        let opened = lanes.map { lane in lane.eventLoop.flatSubmit { lane.value.value.open() } }
        var failure: (any Error)?
        for lane in opened {
            do { try await lane.get() } catch { failure = failure ?? error }
        }
        guard let failure else { return LoadRun(settings, trace, epoch, lanes) }
        trace?.close()
        for lane in lanes { try await lane.eventLoop.submit { lane.value.value.finish() }.get() }
        throw failure
    }

    /// Runs the load until its time is over or ``stop()`` is called, and every request is answered
    /// or has timed out.
    public func report() async throws -> LoadReport {
        let startNs = Int((NIODeadline.now() - epoch.deadline).nanoseconds)
        let ends = lanes.map { lane in lane.eventLoop.flatSubmit { lane.value.value.run(from: startNs) } }
        for lane in ends { try await lane.get() }
        trace?.close()
        var report = LoadReport(settings: settings)
        var lastAnswerNs = 0
        for lane in lanes {
            let (tally, replay, last, endNs) = try await lane.eventLoop.submit {
                let lane = lane.value.value
                return (lane.tally, ReplayReport(lane), lane.lastAnswerNs, lane.endNs)
            }.get()
            report.tally.add(tally)
            report.replay = replay
            lastAnswerNs = max(lastAnswerNs, last, endNs)
        }
        let measuredFromNs = startNs + settings.warmUpMs * 1_000_000
        report.measuredMs = max(0, (lastAnswerNs - measuredFromNs) / 1_000_000)
        return report
    }

    /// Sends nothing new. Requests in flight have a second.
    public func stop() {
        for lane in lanes { lane.eventLoop.execute { lane.value.value.stop() } }
    }

    /// The counts so far.
    public func tally() async throws -> LoadTally {
        var sum = LoadTally()
        for lane in lanes { sum.add(try await lane.eventLoop.submit { lane.value.value.tally }.get()) }
        return sum
    }

    private static func connect(
        _ target: LoadTarget, _ connection: LoadConnection, on loop: any EventLoop, timeoutMs: Int
    ) -> EventLoopFuture<Void> {
        let connection = NIOLoopBound(connection, eventLoop: loop)
        let bootstrap = ClientBootstrap(group: loop)
            .connectTimeout(.milliseconds(Int64(timeoutMs)))
            // A reply comes in one read, so a second read would find nothing.
            .channelOption(.maxMessagesPerRead, value: 1)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(connection.value)
                }
            }
        let channel =
            switch target {
            case .tcp(let host, let port): bootstrap.connect(host: host, port: port)
            case .unixSocket(let path): bootstrap.connect(unixDomainSocketPath: path)
            }
        return channel.flatMapErrorThrowing { throw LoadError(describe($0)) }.map { _ in }
    }

    /// Why there is no connection.
    private static func describe(_ error: any Error) -> String {
        switch error {
        case let error as NIOConnectionError:
            error.connectionErrors.first.map { describe($0.error) } ?? "unknown host"
        case let error as IOError: reason(error)
        case ChannelError.connectTimeout: "no connection in time"
        default: "\(error)"
        }
    }

    private static func reason(_ error: IOError) -> String {
        switch error.errnoCode {
        case ECONNREFUSED: "no process listens there"
        case EMFILE: "too many open files for this shell. Type: ulimit -n 65536"
        default: String(cString: strerror(error.errnoCode))
        }
    }
}
