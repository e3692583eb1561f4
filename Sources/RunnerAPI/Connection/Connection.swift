// One client's connection: a queue of exchanges, in the order in which their replies leave.
// Everything here happens on the connection's event loop. What a request says is `Exchange`'s
// business, how long anything may take is decided by `check`, which the loop calls now and then.

import Access
import HTTPRequests
import NIOCore
import NIOHTTP1
import WireFormat

/// The last handler of a connection's pipeline, behind ``RequestDecoder``.
///
/// Requests are started in the order in which they came, at most ``maximumInFlight`` ahead of the
/// replies; while that many wait, or while the client does not read, nothing is read from it. What
/// has been read then is decoded all the same, but that is less than one read's worth of bytes.
final class Connection: ChannelDuplexHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// Requests whose replies have not left.
    static let maximumInFlight = 32
    /// Bytes of replies after which they are sent before more are made.
    private static let maximumBatchBytes = 65_536

    private let loop: RunnerLoop
    /// Whoever can open it may ask: its Unix socket's file says who that is.
    private let isTrusted: Bool
    private let isSecure: Bool
    private var bearer = BearerCheck()
    private var hosts: HostCheck
    private var context: ChannelHandlerContext?
    private var queue = CircularBuffer<Exchange>()
    /// The first so many of ``queue`` have been put to the ledger, or needed not be.
    private var started = 0
    /// The last of ``queue`` while its request is not complete.
    private var receiving: Exchange?
    /// When a request's first byte came, or when reading went on after a pause in the midst of one.
    private var receivingSince: Int?
    /// False once the last request of this connection has come; what follows is not looked at.
    private(set) var acceptsRequests = true
    /// The request that came last offers an upgrade.
    private var lastOffersUpgrade = false
    /// The client sends nothing any more.
    private var inputHasEnded = false
    /// No further request is begun.
    private var isDraining = false
    /// ``advance()`` runs or is sure to be called.
    private var isBusy = false
    /// A read that was asked for and put off.
    private var readIsHeld = false
    private var idleSince: Int
    /// Since when the client does not read its replies.
    private var stalledSince: Int?
    /// Since when the last reply has been written.
    private var leavingSince: Int?
    /// Every reply has been sent.
    private var hasLeft = false

    /// - Parameters:
    ///   - isTrusted: whether requests need no token.
    ///   - isSecure: whether it is encrypted.
    init(loop: RunnerLoop, isTrusted: Bool = false, isSecure: Bool = false) {
        self.loop = loop
        self.isTrusted = isTrusted
        self.isSecure = isSecure
        hosts = HostCheck(takesAnyHost: isTrusted || loop.tokens != nil)
        idleSince = loop.tick
    }

    // MARK: Open and closed

    func channelActive(context: ChannelHandlerContext) {
        self.context = context
        idleSince = loop.tick
        if !loop.opened(self) { fail(.tooManyConnections(loop.settings.maximumConnections)) }
        context.fireChannelActive()
    }

    func channelInactive(context: ChannelHandlerContext) {
        guard self.context != nil else { return }
        self.context = nil
        acceptsRequests = false
        receiving = nil
        for exchange in queue { exchange.abandon() }
        queue.removeAll()
        started = 0
        loop.closed(self)
        context.fireChannelInactive()
    }

    /// At once and without another word.
    func close() { context?.close(promise: nil) }

    /// Takes no new request; closes when those that have begun are answered.
    func drain() {
        isDraining = true
        if receivingSince == nil { acceptsRequests = false }
        changed()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case ChannelEvent.inputClosed:
            inputHasEnded = true
            if hasLeft { return close() }
            if receiving != nil { fail(RequestError(.requestCutShort, closes: true)) }
            acceptsRequests = false
            changed()
        case is ChannelShouldQuiesceEvent: drain()
        default: context.fireUserInboundEventTriggered(event)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        let maximum = loop.settings.maximumHeaderBytes
        guard let problem = Problem(decoding: error, maximumHeaderBytes: maximum) else { return close() }
        fail(RequestError(problem, closes: true))
    }

    // MARK: Requests arrive

    /// All that came before belongs to requests that are complete.
    var isBetweenRequests: Bool { receiving == nil && receivingSince == nil }

    /// Whether every request must come with a token.
    var needsTokens: Bool { !isTrusted && loop.tokens != nil }

    /// - Parameter host: the value of the request's `Host`.
    func accepts(host: Span<UInt8>) -> Bool { hosts.accepts(host) }

    /// Refuses what a page made a browser send. No browser can open a Unix socket.
    func checkSender(_ framing: RequestFraming, _ method: HTTPMethod, _ target: RequestTarget) throws(Problem)
    {
        guard !isTrusted else { return }
        try framing.checkSender(method, target, hosts: &hosts, isSecure: isSecure)
    }

    /// - Parameter field: the value of the request's `Authorization`. Where none is needed, one
    ///   that is there counts all the same: it says for whom the caller speaks.
    /// - Returns: whose token it is; nil when there is none and none is needed.
    func authorize(_ field: String?) throws(RequestError) -> TokenBook.Entry? {
        guard let tokens = loop.tokens, !isTrusted || field != nil else { return nil }
        do throws(BearerCheck.Refused) {
            return try bearer.check(field, in: tokens, for: .runner)
        } catch {
            throw .refused(error.challenge)
        }
    }

    /// - Returns: whether they are to be decoded.
    func bytesArrive() -> Bool {
        isBusy = true
        if acceptsRequests, receivingSince == nil { receivingSince = loop.tick }
        return acceptsRequests
    }

    /// After all that could be decoded, the beginning of another request is left.
    func bytesRemain() {
        if acceptsRequests, receivingSince == nil { receivingSince = loop.tick }
    }

    /// Whether the request that ended last offered an upgrade; once for each.
    func offerHasEnded() -> Bool {
        guard lastOffersUpgrade, receiving == nil, acceptsRequests else { return false }
        lastOffersUpgrade = false
        return true
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard acceptsRequests else { return }
        switch Self.unwrapInboundIn(data) {
        case .head(let head):
            let exchange = loop.exchange(for: self)
            queue.append(exchange)
            receiving = exchange
            // A head that came in one piece with the end of the request before it.
            if receivingSince == nil { receivingSince = loop.tick }
            exchange.receive(head, maximum: loop.settings.maximumBodyBytes)
            lastOffersUpgrade = exchange.offersUpgrade
            if exchange.isCutShort { requestEnds() }
        case .body(let bytes):
            guard let receiving else { return }
            receiving.receive(bytes, maximum: loop.settings.maximumBodyBytes)
            if receiving.isCutShort { requestEnds() }
        case .end: requestEnds()
        }
    }

    /// Takes a request that came whole.
    func receive(_ request: PlainRequest, in bytes: Span<UInt8>) {
        let exchange = loop.exchange(for: self)
        queue.append(exchange)
        exchange.receive(request, in: bytes)
        requestEnds()
    }

    private func requestEnds() {
        receiving?.complete()
        if isDraining || receiving?.closes == true { acceptsRequests = false }
        receiving = nil
        receivingSince = nil
        startWhatMay()
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        advance()
        context.fireChannelReadComplete()
    }

    /// The connection's last reply will be this one.
    private func fail(_ error: RequestError) {
        guard acceptsRequests else { return }
        let exchange: Exchange
        if let receiving {
            exchange = receiving
        } else {
            exchange = loop.exchange(for: self)
            queue.append(exchange)
        }
        exchange.reject(error)
        acceptsRequests = false
        receiving = nil
        receivingSince = nil
        changed()
    }

    private func startWhatMay() {
        while started < min(queue.count, Self.maximumInFlight), stalledSince == nil {
            let exchange = queue[offset: started]
            guard exchange !== receiving else { return }
            started += 1
            exchange.start(on: loop)
        }
    }

    // MARK: Replies leave

    /// One of the exchanges has its answer.
    func answered() { changed() }

    private func changed() {
        guard !isBusy, context != nil else { return }
        isBusy = true
        loop.advanceSoon(self)
    }

    /// Writes every reply whose turn it is, with one flush; then starts, reads and closes what may
    /// now be.
    func advance() {
        isBusy = true
        defer { isBusy = false }
        while let context, leavingSince == nil {
            startWhatMay()
            loop.replies.out.clear()
            writeReplies()
            guard loop.replies.out.readableBytes > 0 else { break }
            context.writeAndFlush(Self.wrapOutboundOut(loop.replies.out), promise: nil)
            idleSince = loop.tick
        }
        guard let context else { return }
        if leavingSince == nil, !acceptsRequests, receiving == nil, queue.isEmpty { leave(context) }
        if readIsHeld, mayRead {
            readIsHeld = false
            if receivingSince != nil { receivingSince = loop.tick }
            context.read()
        }
    }

    private func writeReplies() {
        while started > 0, queue[offset: 0].isAnswered,
            loop.replies.out.readableBytes < Self.maximumBatchBytes
        {
            let exchange = queue.removeFirst()
            started -= 1
            let isLast = exchange.closes || (!acceptsRequests && queue.isEmpty)
            loop.write(exchange, isLast: isLast)
            loop.recycle(exchange)
        }
        if started == 0, let first = queue.first, first.owesContinue {
            loop.replies.writeContinue()
            first.hasContinued()
        }
    }

    /// Closes once all that was written is sent: the sending half, and the rest when the client has
    /// closed its own. Closing both at once would reset the connection if the client still sends,
    /// and it might lose the reply.
    private func leave(_ context: ChannelHandlerContext) {
        leavingSince = loop.tick
        let sent = context.eventLoop.makePromise(of: Void.self)
        context.writeAndFlush(Self.wrapOutboundOut(ByteBuffer()), promise: sent)
        sent.futureResult.assumeIsolated().whenComplete { [self] _ in
            hasLeft = true
            if inputHasEnded {
                close()
            } else {
                self.context?.close(mode: .output, promise: nil)
            }
        }
    }

    // MARK: How much, how long

    private var mayRead: Bool {
        leavingSince != nil || (queue.count < Self.maximumInFlight && stalledSince == nil)
    }

    func read(context: ChannelHandlerContext) {
        if mayRead { context.read() } else { readIsHeld = true }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        stalledSince = context.channel.isWritable ? nil : stalledSince ?? loop.tick
        changed()
        context.fireChannelWritabilityChanged()
    }

    /// Since when nothing is asked here; nil while something is, and when the last reply leaves.
    var restsSince: Int? {
        queue.isEmpty && receivingSince == nil && leavingSince == nil && acceptsRequests ? idleSince : nil
    }

    /// Ends what takes too long; called once a tick.
    func check() {
        let timeouts = loop.timeouts
        if let leavingSince {
            if loop.tick - leavingSince > timeouts.leaving { close() }
        } else if let stalledSince {
            if loop.tick - stalledSince > timeouts.stalled { close() }
        } else if let receivingSince {
            if mayRead, loop.tick - receivingSince > timeouts.receiving {
                fail(.requestTimeout(loop.settings.headerTimeout))
            }
        } else if queue.isEmpty, loop.tick - idleSince > timeouts.idle {
            close()
        }
    }
}
