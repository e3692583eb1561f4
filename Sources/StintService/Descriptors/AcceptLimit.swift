// Bounds the connections of one API, and pauses its listeners when the system has no descriptor for
// another connection. Without the pause a listener whose `accept` fails would retry forever, and
// nothing else on its event loop would run.

import Glibc
import Logging
import Metrics
import NIOCore
import NIOPosix
import Synchronization

final class AcceptLimit: Sendable {
    /// How long a listener pauses when it gets no descriptor.
    static let pause: TimeAmount = .seconds(1)
    /// Failures less than this apart are one episode, which is logged once.
    static let episode: TimeAmount = .seconds(60)

    private struct State {
        var open = 0
        /// Listeners that continue when a connection closes.
        var waiting: [@Sendable () -> Void] = []
        var lastFailure: NIODeadline?
    }

    private let api: String
    private let maximum: Int
    private let logger: Logger
    private let failures: Counter
    private let state = Mutex(State())

    /// - Parameters:
    ///   - api: `runner` or `admin`.
    ///   - maximum: open connections; further ones wait in the kernel's queue.
    init(api: String, maximum: Int, metrics: any MetricsFactory, logger: Logger) {
        self.api = api
        self.maximum = maximum
        self.logger = logger
        failures = Counter(label: "stint_accept_failures_total", dimensions: [("api", api)], factory: metrics)
    }

    /// Bounds what this listener accepts. Call it on the listener's event loop.
    func guardListener(_ listener: any Channel) throws {
        try listener.pipeline.syncOperations.addHandler(AcceptHandler(self), position: .first)
    }

    // MARK: For the handler

    fileprivate func opened() { state.withLock { $0.open += 1 } }

    fileprivate func closed() {
        let waiting = state.withLock { state in
            state.open -= 1
            guard state.open < maximum else { return [@Sendable () -> Void]() }
            defer { state.waiting = [] }
            return state.waiting
        }
        for goOn in waiting { goOn() }
    }

    /// - Parameter goOn: called when there may be room again.
    /// - Returns: whether there is room now. If so, `goOn` is never called.
    fileprivate func hasRoom(else goOn: @escaping @Sendable () -> Void) -> Bool {
        state.withLock { state in
            guard state.open >= maximum else { return true }
            state.waiting.append(goOn)
            return false
        }
    }

    fileprivate func failed(_ error: IOError) {
        failures.increment()
        let now = NIODeadline.now()
        let isNew = state.withLock { state in
            defer { state.lastFailure = now }
            return state.lastFailure.map { now - $0 > Self.episode } ?? true
        }
        guard isNew else { return }
        logger.error(
            "cannot accept connections; retrying every second",
            metadata: [
                "api": "\(api)", "error": "\(String(cString: strerror(error.errnoCode)))",
                "hint": "check ulimit -n of this process, and fs.file-max of the machine",
            ])
    }
}

/// The first handler of a listener.
private final class AcceptHandler: ChannelDuplexHandler {
    typealias InboundIn = any Channel
    typealias OutboundIn = Never

    private let limit: AcceptLimit

    init(_ limit: AcceptLimit) { self.limit = limit }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        limit.opened()
        Self.unwrapInboundIn(data).closeFuture.whenComplete { [limit] _ in limit.closed() }
        context.fireChannelRead(data)
    }

    func read(context: ChannelHandlerContext) {
        let listener = context.channel
        if limit.hasRoom(else: { listener.read() }) { context.read() }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard let error = error as? IOError else { return context.fireErrorCaught(error) }
        switch error.errnoCode {
        // This client is gone; the next may still wait.
        case ECONNABORTED: return
        case EMFILE, ENFILE, ENOBUFS, ENOMEM:
            limit.failed(error)
            rest(context)
        default: context.fireErrorCaught(error)
        }
    }

    private func rest(_ context: ChannelHandlerContext) {
        let listener = context.channel
        Self.setAutoRead(false, of: listener)
        context.eventLoop.scheduleTask(in: AcceptLimit.pause) { Self.setAutoRead(true, of: listener) }
    }

    private static func setAutoRead(_ isOn: Bool, of listener: any Channel) {
        listener.setOption(.autoRead, value: isOn).whenFailure { _ in
            // The listener was closed meanwhile.
        }
    }
}
