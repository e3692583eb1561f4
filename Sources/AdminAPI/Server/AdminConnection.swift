// Stands between a connection's HTTP and Hummingbird, which answers one request after the other and
// handles little of HTTP itself. This file answers invalid requests. It passes all others on, and
// gives their replies the form that the request asked for.

import Access
import HTTPRequests
import Hummingbird
import NIOCore
import NIOHTTP1
import WireFormat

/// The handler after ``AdminDecoder``. Used only on the connection's event loop.
final class AdminConnection: ChannelDuplexHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart
    typealias OutboundIn = HTTPServerResponsePart
    typealias OutboundOut = HTTPServerResponsePart

    /// An event that a route sends through the pipeline before it reads a request's body.
    struct BodyIsWanted: Sendable {}

    /// An event that closes the connection at once, even while its last reply is being sent.
    struct MustGo: Sendable {}

    /// The most requests without a written reply. While there are so many, or while the client does
    /// not read its replies, nothing is read from it.
    static let maximumInFlight = 32

    /// A request without a written reply.
    private struct Exchange {
        var isHead = false
        /// It is HTTP/1.0.
        var isOld = false
        /// It is the connection's last request.
        var closes = false
        var keepsOldConnection = false
        /// The client waits for 100 Continue before it sends the body.
        var owesContinue = false
        /// The reply, if the request does not reach Hummingbird.
        var rejection: Problem?
    }

    private let timeouts: ConnectionTimeouts
    /// Whether the connection is encrypted.
    private let isSecure: Bool
    private var hosts: HostCheck
    private var exchanges = CircularBuffer<Exchange>()
    /// False once the last request of this connection has come; later bytes are ignored.
    private(set) var acceptsRequests = true
    /// The end of the last request has not come.
    private var isReceiving = false
    private var lastOffersUpgrade = false
    /// The head of the first reply is written.
    private var isReplying = false
    /// The client has closed its sending half.
    private var inputHasEnded = false
    /// The next reply is the last.
    private var isDraining = false
    /// The last reply is written.
    private var isLeaving = false
    /// The last reply is sent.
    private var hasLeft = false
    /// A read was asked for and postponed.
    private var readIsHeld = false

    init(_ security: AdminSecurity, timeouts: ConnectionTimeouts) {
        self.timeouts = timeouts
        isSecure = security.secure != nil
        hosts = HostCheck(takesAnyHost: security.tokens != nil)
    }

    // MARK: Requests arrive

    func channelActive(context: ChannelHandlerContext) {
        timeouts.start { [self] late in self.isLate(late, context) }
        context.fireChannelActive()
    }

    private func isLate(_ late: ConnectionTimeouts.Late, _ context: ChannelHandlerContext) {
        guard late == .request, acceptsRequests || isReceiving else { return context.close(promise: nil) }
        let problem = Problem(.requestTimeout, detail: "the request must arrive within \(timeouts.timeout)")
        if isReceiving {
            cutShort(problem, context)
        } else {
            reject(problem, Exchange(closes: true), context)
        }
    }

    /// Bytes of a request have come.
    func bytesArrive() { timeouts.requestBegan() }

    /// Whether the request that ended last offered an upgrade. Returns true once per offer.
    func offerHasEnded() -> Bool {
        guard lastOffersUpgrade, !isReceiving, acceptsRequests else { return false }
        lastOffersUpgrade = false
        return true
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard acceptsRequests else { return }
        switch Self.unwrapInboundIn(data) {
        case .head(let head):
            // It may have come in one read with the end of the previous request.
            timeouts.requestBegan()
            receive(head, context)
        case .body:
            if !exchanges.isEmpty { exchanges[offset: exchanges.count - 1].owesContinue = false }
            context.fireChannelRead(data)
        case .end:
            timeouts.requestEnded()
            // The request was rejected at its head, so Hummingbird has not seen it.
            guard isReceiving else {
                if exchanges.isEmpty { timeouts.becameIdle() }
                return
            }
            isReceiving = false
            if exchanges.last?.closes == true { acceptsRequests = false }
            context.fireChannelRead(data)
        }
    }

    private func receive(_ head: HTTPRequestHead, _ context: ChannelHandlerContext) {
        var exchange = Exchange(isHead: head.method == .HEAD, isOld: head.version == .http1_0)
        let target = RequestTarget(head.uri)
        exchange.closes = true
        do throws(Problem) {
            let framing = try RequestFraming(head)
            exchange.keepsOldConnection = framing.keepsOldConnection
            exchange.closes = framing.closes || framing.hasBody || timeouts.isForHealth
            lastOffersUpgrade = framing.offersUpgrade
            try framing.checkSender(head.method, target, hosts: &hosts, isSecure: isSecure)
            if timeouts.isForHealth, !AdminRoutes.isHealth(head.method, target.path) {
                throw timeouts.refusal
            }
            if framing.hasBody, [.GET, .HEAD, .DELETE].contains(head.method) {
                throw Problem(.bodyTooLarge, detail: "\(head.method) takes no body here")
            }
            exchange.closes = framing.closes || timeouts.isForHealth
            exchange.owesContinue = framing.expectsContinue && framing.hasBody
        } catch {
            // After a foreign host name or page, the request is still valid HTTP, so the connection
            // continues.
            if error.type == .malformedRequest { exchange.closes = true }
            return reject(error, exchange, context)
        }
        isReceiving = true
        exchanges.append(exchange)
        var head = head
        // A target that is not a path must not match a route.
        head.uri = target.path.hasPrefix("/") ? String(target.path) : "/\(target.path)"
        if let authority = target.authority {
            head.headers.replaceOrAdd(name: "Host", value: String(authority))
        }
        context.fireChannelRead(Self.wrapInboundOut(.head(head)))
    }

    /// Answers a request that does not reach Hummingbird.
    private func reject(_ problem: Problem, _ exchange: Exchange, _ context: ChannelHandlerContext) {
        var exchange = exchange
        exchange.rejection = problem
        exchanges.append(exchange)
        if exchange.closes { acceptsRequests = false }
        writeRejections(context)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        let problem = Problem(decoding: error, maximumHeaderBytes: AdminChannel.maximumHeaderBytes)
        if isReceiving {
            cutShort(problem ?? .requestCutShort, context)
        } else if let problem {
            if acceptsRequests { reject(problem, Exchange(closes: true), context) }
        } else {
            context.fireErrorCaught(error)
        }
    }

    /// The request that arrives will never be complete. The route that waits for its body gets the
    /// error, and answers.
    private func cutShort(_ problem: Problem, _ context: ChannelHandlerContext) {
        isReceiving = false
        timeouts.requestEnded()
        acceptsRequests = false
        let isAnswered = exchanges.isEmpty
        if !isAnswered { exchanges[offset: exchanges.count - 1].closes = true }
        context.fireErrorCaught(RequestCutShort(problem: problem))
        if isAnswered, context.channel.isActive {
            leave(context, after: context.eventLoop.makeSucceededVoidFuture())
        }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case ChannelEvent.inputClosed:
            inputHasEnded = true
            if hasLeft { return context.close(promise: nil) }
            if isReceiving { cutShort(.requestCutShort, context) }
            acceptsRequests = false
        case is ChannelShouldQuiesceEvent: isDraining = true
        default: break
        }
        context.fireUserInboundEventTriggered(event)
    }

    func channelInactive(context: ChannelHandlerContext) {
        // Hummingbird would take the end of the connection for the end of the body.
        if isReceiving { cutShort(.requestCutShort, context) }
        timeouts.closed()
        context.fireChannelInactive()
    }

    private func mayRead(_ context: ChannelHandlerContext) -> Bool {
        isLeaving || (exchanges.count < Self.maximumInFlight && context.channel.isWritable)
    }

    func read(context: ChannelHandlerContext) {
        if mayRead(context) { context.read() } else { readIsHeld = true }
    }

    private func readOn(_ context: ChannelHandlerContext) {
        guard readIsHeld, mayRead(context) else { return }
        readIsHeld = false
        context.read()
    }

    // MARK: Replies leave

    func triggerUserOutboundEvent(
        context: ChannelHandlerContext, event: Any, promise: EventLoopPromise<Void>?
    ) {
        switch event {
        case is MustGo: context.close(promise: promise)
        case is BodyIsWanted:
            if !isReplying, exchanges.first?.owesContinue == true {
                exchanges[offset: 0].owesContinue = false
                let head = HTTPResponseHead(version: .http1_1, status: .continue)
                context.writeAndFlush(Self.wrapOutboundOut(.head(head)), promise: nil)
            }
            promise?.succeed()
        default: context.triggerUserOutboundEvent(event, promise: promise)
        }
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        guard let exchange = exchanges.first, exchange.rejection == nil else {
            promise?.fail(ChannelError.inappropriateOperationForState)
            return
        }
        switch Self.unwrapOutboundIn(data) {
        case .head(let head):
            isReplying = true
            context.write(Self.wrapOutboundOut(.head(inForm(head))), promise: promise)
        case .body:
            if exchange.isHead { promise?.succeed() } else { context.write(data, promise: promise) }
        case .end(let trailers):
            end(exchange, trailers, context, promise)
            writeRejections(context)
        }
    }

    /// The head of the first exchange's reply, in the form that its request asks for.
    private func inForm(_ head: HTTPResponseHead) -> HTTPResponseHead {
        var (head, exchange) = (head, exchanges[offset: 0])
        // If the client waits for 100 Continue, it may send its body or not, so it is unknown where
        // the next request would begin. The rest of an answered request is not read either.
        if exchange.owesContinue || isDraining || (isReceiving && exchanges.count == 1) {
            exchange.closes = true
        }
        if exchange.isOld, !head.headers.contains(name: "content-length") {
            // HTTP/1.0 has no chunks: the end of the connection is the end of the body.
            head.version = .http1_0
            exchange.closes = true
        }
        head.headers.remove(name: "connection")
        if exchange.closes {
            head.headers.add(name: "Connection", value: "close")
        } else if exchange.keepsOldConnection {
            head.headers.add(name: "Connection", value: "keep-alive")
        }
        exchanges[offset: 0] = exchange
        return head
    }

    private func end(
        _ exchange: Exchange, _ trailers: HTTPHeaders?, _ context: ChannelHandlerContext,
        _ promise: EventLoopPromise<Void>?
    ) {
        isReplying = false
        exchanges.removeFirst()
        // The last chunk of a chunked body is content too, which a reply to HEAD must not have.
        let part: HTTPServerResponsePart = exchange.isHead ? .body(.byteBuffer(ByteBuffer())) : .end(trailers)
        guard exchange.closes else {
            context.write(Self.wrapOutboundOut(part), promise: promise)
            if exchanges.isEmpty { timeouts.becameIdle() }
            return
        }
        let sent = promise ?? context.eventLoop.makePromise(of: Void.self)
        context.writeAndFlush(Self.wrapOutboundOut(part), promise: sent)
        leave(context, after: sent.futureResult)
    }

    /// Writes the rejections whose turn it is, and resumes a postponed read.
    private func writeRejections(_ context: ChannelHandlerContext) {
        var hasWritten = false
        while !isLeaving, let problem = exchanges.first?.rejection {
            write(problem, context)
            hasWritten = true
        }
        if hasWritten { context.flush() }
        readOn(context)
    }

    /// Writes a problem as the reply to the first exchange.
    private func write(_ problem: Problem, _ context: ChannelHandlerContext) {
        var json = JSONWriter()
        problem.write(to: &json)
        let response = problem.response()
        var head = HTTPResponseHead(version: .http1_1, status: .init(statusCode: problem.type.status))
        for field in response.headers { head.headers.add(name: field.name.rawName, value: field.value) }
        for (name, value) in SecurityHeaders(isSecure: isSecure).fields {
            head.headers.add(name: name.rawName, value: value)
        }
        context.write(Self.wrapOutboundOut(.head(inForm(head))), promise: nil)
        if !exchanges[offset: 0].isHead {
            let body = ByteBuffer(bytes: json.bytes)
            context.write(Self.wrapOutboundOut(.body(.byteBuffer(body))), promise: nil)
        }
        end(exchanges[offset: 0], nil, context, nil)
    }

    // MARK: The end

    /// Closes when all written bytes are sent: first the sending half, then the rest when the
    /// client has closed its half. Closing both at once would reset the connection if the client
    /// still sends, and the client might lose the reply.
    private func leave(_ context: ChannelHandlerContext, after sent: EventLoopFuture<Void>) {
        isLeaving = true
        acceptsRequests = false
        timeouts.lastReplyWritten()
        sent.assumeIsolated().whenComplete { [self] _ in
            hasLeft = true
            guard context.channel.isActive else { return }
            if inputHasEnded { return context.close(promise: nil) }
            timeouts.lastReplySent()
            context.close(mode: .output, promise: nil)
        }
        // Tells Hummingbird not to wait for another request.
        context.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
        readOn(context)
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        timeouts.writabilityChanged(to: context.channel.isWritable)
        readOn(context)
        context.fireChannelWritabilityChanged()
    }

    func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        guard isLeaving else { return context.close(mode: mode, promise: promise) }
        promise?.succeed()
    }
}
