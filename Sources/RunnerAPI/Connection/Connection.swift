// One client's connection: a queue of exchanges, in the order of their replies, between its channel
// and its state. All of it runs on the connection's event loop. `Exchange` reads the requests;
// `ConnectionState` decides what to do next and how long it may take.

import Access
import HTTPRequests
import NIOCore
import NIOHTTP1
import WireFormat

/// The last handler of a connection's pipeline, after ``RequestDecoder``. It passes events to a
/// ``ConnectionState`` and carries out its actions.
final class Connection: ChannelDuplexHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let loop: RunnerLoop
    /// Requests need no token: access is controlled by the permissions of the Unix socket.
    private let isTrusted: Bool
    private let isSecure: Bool
    private var bearer = BearerCheck()
    private var hosts: HostCheck
    private var context: ChannelHandlerContext?
    private var state: ConnectionState
    /// The requests that ``state`` counts. The last of them may not be complete.
    private var queue = CircularBuffer<Exchange>()
    /// The latest request offers an upgrade.
    private var lastOffersUpgrade = false

    /// - Parameters:
    ///   - loop: that of the connection's event loop.
    ///   - isTrusted: whether requests need no token.
    ///   - isSecure: whether the connection is encrypted.
    init(loop: RunnerLoop, isTrusted: Bool = false, isSecure: Bool = false) {
        self.loop = loop
        self.isTrusted = isTrusted
        self.isSecure = isSecure
        hosts = HostCheck(takesAnyHost: isTrusted || loop.tokens != nil)
        state = ConnectionState(at: loop.tick)
    }

    // MARK: Open and closed

    func channelActive(context: ChannelHandlerContext) {
        self.context = context
        state.opens(at: loop.tick)
        if !loop.opened(self) { fail(.tooManyConnections(loop.settings.maximumConnections)) }
        context.fireChannelActive()
    }

    func channelInactive(context: ChannelHandlerContext) {
        guard self.context != nil else { return }
        self.context = nil
        state.closes()
        for exchange in queue { exchange.abandon() }
        queue.removeAll()
        loop.closed(self)
        context.fireChannelInactive()
    }

    /// Closes at once, without a reply.
    func close() { context?.close(promise: nil) }

    /// Accepts no new request. Closes when the requests that have begun are answered.
    func drain() {
        state.drains()
        changed()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case ChannelEvent.inputClosed: inputEnds()
        case is ChannelShouldQuiesceEvent: drain()
        default: context.fireUserInboundEventTriggered(event)
        }
    }

    private func inputEnds() {
        switch state.inputEnds() {
        case .close: close()
        case .fail(let isQueued): answer(with: RequestError(.requestCutShort, closes: true), isQueued)
        default: changed()
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        let maximum = loop.settings.maximumHeaderBytes
        guard let problem = Problem(decoding: error, maximumHeaderBytes: maximum) else { return close() }
        fail(RequestError(problem, closes: true))
    }

    // MARK: What the decoder and the exchanges ask

    /// False once the last request of this connection has come; later bytes are ignored.
    var acceptsRequests: Bool { state.acceptsRequests }

    /// All bytes so far belong to complete requests.
    var isBetweenRequests: Bool { state.isBetweenRequests }

    /// Whether every request needs a token.
    var needsTokens: Bool { !isTrusted && loop.tokens != nil }

    /// - Parameter host: the value of the request's `Host`.
    func accepts(host: Span<UInt8>) -> Bool { hosts.accepts(host) }

    /// Rejects a request that a page made a browser send. No browser can open a Unix socket.
    func checkSender(_ framing: RequestFraming, _ method: HTTPMethod, _ target: RequestTarget) throws(Problem)
    {
        guard !isTrusted else { return }
        try framing.checkSender(method, target, hosts: &hosts, isSecure: isSecure)
    }

    /// - Parameter field: the value of the request's `Authorization`. It counts even if no token is
    ///   needed, because it limits the accounts that the caller may name.
    /// - Returns: the token's entry; nil if no token is needed and none was sent.
    /// - Throws: ``RequestError`` if the token is missing, invalid, or of another scope.
    func authorize(_ field: String?) throws(RequestError) -> TokenBook.Entry? {
        guard let tokens = loop.tokens, !isTrusted || field != nil else { return nil }
        do throws(AuthenticationError) {
            return try bearer.check(field, in: tokens, for: .runner)
        } catch {
            throw .unauthenticated(error)
        }
    }

    // MARK: Requests arrive

    /// - Returns: whether to decode them.
    func bytesArrive() -> Bool { state.bytesArrive(at: loop.tick) }

    /// Bytes of an incomplete request are left after decoding.
    func bytesRemain() { state.bytesRemain(at: loop.tick) }

    /// Whether the request that ended last offered an upgrade. Returns true once per offer.
    func offerHasEnded() -> Bool {
        guard lastOffersUpgrade, !state.isReceiving, state.acceptsRequests else { return false }
        lastOffersUpgrade = false
        return true
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let maximum = loop.settings.maximumBodyBytes
        switch Self.unwrapInboundIn(data) {
        case .head(let head):
            guard state.headArrives(at: loop.tick) else { return }
            let exchange = append()
            exchange.receive(head, maximum: maximum)
            lastOffersUpgrade = exchange.offersUpgrade
            if exchange.isCutShort { requestEnds(exchange) }
        case .body(let bytes):
            guard state.isReceiving, let exchange = queue.last else { return }
            exchange.receive(bytes, maximum: maximum)
            if exchange.isCutShort { requestEnds(exchange) }
        case .end:
            guard state.isReceiving, let exchange = queue.last else { return }
            requestEnds(exchange)
        }
    }

    private func requestEnds(_ exchange: Exchange) {
        exchange.complete()
        start(state.requestEnds(isLast: exchange.closes))
    }

    /// Receives a complete request.
    func receive(_ request: PlainRequest, in bytes: Span<UInt8>) {
        let exchange = append()
        exchange.receive(request, in: bytes)
        start(state.wholeRequestArrives(isLast: exchange.closes))
    }

    private func append() -> Exchange {
        let exchange = loop.exchange(for: self)
        queue.append(exchange)
        return exchange
    }

    private func start(_ action: ConnectionState.Action) {
        if case .start(let place) = action { queue[offset: place].start(on: loop) }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        advance()
        context.fireChannelReadComplete()
    }

    /// Answers with an error, which is the connection's last reply.
    private func fail(_ error: @autoclosure () -> RequestError) {
        if case .fail(let isQueued) = state.fail() { answer(with: error(), isQueued) }
    }

    /// - Parameters:
    ///   - error: the reply.
    ///   - isQueued: whether the request is in the queue already.
    private func answer(with error: RequestError, _ isQueued: Bool) {
        let exchange = isQueued ? queue[offset: queue.count - 1] : append()
        exchange.reject(error)
        changed()
    }

    // MARK: Replies leave

    /// An exchange has its answer.
    func answered() { changed() }

    private func changed() {
        guard context != nil, case .advance = state.changes() else { return }
        loop.advanceSoon(self)
    }

    /// Writes every reply whose turn it is, with one flush. Then starts requests, reads and closes,
    /// as the state says.
    func advance() {
        loop.replies.out.clear()
        while let context {
            let first = queue.first?.progress ?? .pending
            switch state.next(first, unsentBytes: loop.replies.out.readableBytes, at: loop.tick) {
            case .start(let place): queue[offset: place].start(on: loop)
            case .write(let isLast):
                let exchange = queue.removeFirst()
                exchange.write(to: &loop.replies, isLast: isLast)
                loop.recycle(exchange)
            case .writeContinue:
                loop.replies.writeContinue()
                queue.first?.hasContinued()
            case .flush:
                context.writeAndFlush(Self.wrapOutboundOut(loop.replies.out), promise: nil)
                loop.replies.out.clear()
            case .finish: finish(context)
            case .read: context.read()
            case .none, .advance, .fail, .closeOutput, .close: return
            }
        }
    }

    /// Notifies the state when all written bytes are sent.
    private func finish(_ context: ChannelHandlerContext) {
        let sent = context.eventLoop.makePromise(of: Void.self)
        context.writeAndFlush(Self.wrapOutboundOut(ByteBuffer()), promise: sent)
        sent.futureResult.assumeIsolated().whenComplete { [self] _ in
            switch state.lastReplyIsSent() {
            case .close: close()
            case .closeOutput: self.context?.close(mode: .output, promise: nil)
            default: break
            }
        }
    }

    // MARK: Back pressure and time

    func read(context: ChannelHandlerContext) {
        if case .read = state.readIsAsked() { context.read() }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        state.writabilityChanges(context.channel.isWritable, at: loop.tick)
        changed()
        context.fireChannelWritabilityChanged()
    }

    /// The tick since when the connection is idle; nil while it is not, and after its last request.
    var restsSince: Int? { state.restsSince }

    /// Ends a request or a connection that takes too long. Called once a tick.
    func check() {
        switch state.check(at: loop.tick, loop.timeouts) {
        case .fail(let isQueued): answer(with: .requestTimeout(loop.settings.headerTimeout), isQueued)
        case .close: close()
        default: break
        }
    }
}
