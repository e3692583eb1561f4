// What stands between a connection's HTTP and Hummingbird, which answers one request after the
// other and knows little of how clients speak. What is no request is answered here; all else
// passes, and its reply is put in the form that the request asked for.

import Access
import HTTPRequests
import Hummingbird
import NIOCore
import NIOHTTP1
import WireFormat

/// Behind ``AdminDecoder``; everything happens on the connection's event loop.
final class AdminConnection: ChannelDuplexHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart
    typealias OutboundIn = HTTPServerResponsePart
    typealias OutboundOut = HTTPServerResponsePart

    /// Sent through the pipeline by whoever is about to read a request's body.
    struct BodyIsWanted: Sendable {}

    /// Sent through the pipeline to close the connection at once, even while its last reply leaves.
    struct MustGo: Sendable {}

    /// Requests whose replies have not left. While there are so many, or while the client does not
    /// read, nothing is read from it.
    static let maximumInFlight = 32

    /// A request whose reply has not left.
    private struct Exchange {
        var isHead = false
        /// It is HTTP/1.0.
        var isOld = false
        /// It is the connection's last.
        var closes = false
        var keepsOldConnection = false
        /// The client must be told to send its body.
        var owesContinue = false
        /// The reply, when Hummingbird is not asked.
        var rejection: Problem?
    }

    private let stay: Stay
    /// Whether the connection is encrypted.
    private let isSecure: Bool
    private var hosts: HostCheck
    private var exchanges = CircularBuffer<Exchange>()
    /// False once the last request of this connection has come; what follows is not looked at.
    private(set) var acceptsRequests = true
    /// The end of the last request has not come.
    private var isReceiving = false
    private var lastOffersUpgrade = false
    /// The head of the first reply is written.
    private var isReplying = false
    /// The client sends nothing any more.
    private var inputHasEnded = false
    /// The next reply is the last.
    private var isDraining = false
    /// The last reply is written.
    private var isLeaving = false
    /// The last reply is sent.
    private var hasLeft = false
    /// A read that was asked for and put off.
    private var readIsHeld = false

    init(_ security: AdminSecurity, stay: Stay) {
        self.stay = stay
        isSecure = security.secure != nil
        hosts = HostCheck(takesAnyHost: security.tokens != nil)
    }

    // MARK: Requests arrive

    func channelActive(context: ChannelHandlerContext) {
        stay.begins { [self] late in self.isLate(late, context) }
        context.fireChannelActive()
    }

    private func isLate(_ late: Stay.Late, _ context: ChannelHandlerContext) {
        guard late == .request, acceptsRequests || isReceiving else { return context.close(promise: nil) }
        let problem = Problem(.requestTimeout, detail: "the request must arrive within \(stay.timeout)")
        if isReceiving {
            cutShort(problem, context)
        } else {
            reject(problem, Exchange(closes: true), context)
        }
    }

    /// Some of a request, or the end of one.
    func bytesArrive() { stay.bytesArrive() }

    /// Whether the request that ended last offered an upgrade; once for each.
    func offerHasEnded() -> Bool {
        guard lastOffersUpgrade, !isReceiving, acceptsRequests else { return false }
        lastOffersUpgrade = false
        return true
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard acceptsRequests else { return }
        switch Self.unwrapInboundIn(data) {
        case .head(let head):
            // It may have come in one piece with the end of the request before it.
            stay.bytesArrive()
            receive(head, context)
        case .body:
            if !exchanges.isEmpty { exchanges[offset: exchanges.count - 1].owesContinue = false }
            context.fireChannelRead(data)
        case .end:
            stay.requestEnds()
            // Without content, and refused: Hummingbird knows nothing of it.
            guard isReceiving else {
                if exchanges.isEmpty { stay.rests() }
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
            exchange.closes = framing.closes || framing.hasBody || stay.isForHealth
            lastOffersUpgrade = framing.offersUpgrade
            try framing.checkSender(head.method, target, hosts: &hosts, isSecure: isSecure)
            if stay.isForHealth, !AdminRoutes.isHealth(head.method, target.path) { throw stay.refusal }
            if framing.hasBody, [.GET, .HEAD, .DELETE].contains(head.method) {
                throw Problem(.bodyTooLarge, detail: "\(head.method) takes no body here")
            }
            exchange.closes = framing.closes || stay.isForHealth
            exchange.owesContinue = framing.expectsContinue && framing.hasBody
        } catch {
            // Where another's name or page is refused, the request is whole, and the connection
            // goes on.
            if error.type == .malformedRequest { exchange.closes = true }
            return reject(error, exchange, context)
        }
        isReceiving = true
        exchanges.append(exchange)
        var head = head
        // Whatever is no path is none that is here, and nobody is to find one in it.
        head.uri = target.path.hasPrefix("/") ? String(target.path) : "/\(target.path)"
        if let authority = target.authority {
            head.headers.replaceOrAdd(name: "Host", value: String(authority))
        }
        context.fireChannelRead(Self.wrapInboundOut(.head(head)))
    }

    /// Answers what Hummingbird never sees.
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

    /// The request that is being received will never be whole. Whoever waits for its body hears
    /// why, and answers.
    private func cutShort(_ problem: Problem, _ context: ChannelHandlerContext) {
        isReceiving = false
        stay.requestEnds()
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
        // Hummingbird takes the end of a connection for the end of a body.
        if isReceiving { cutShort(.requestCutShort, context) }
        stay.isGone()
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

    /// The head of the first exchange's reply as its request wants it.
    private func inForm(_ head: HTTPResponseHead) -> HTTPResponseHead {
        var (head, exchange) = (head, exchanges[offset: 0])
        // It waits to be told whether to send its body; whether it will nevertheless, nobody knows.
        // What is left of a request that is answered already is not waited for.
        if exchange.owesContinue || isDraining || (isReceiving && exchanges.count == 1) {
            exchange.closes = true
        }
        if exchange.isOld, !head.headers.contains(name: "content-length") {
            // It knows no chunks: the end of the connection is the end of the content.
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
        // A chunked body's last chunk is content too, which a reply to HEAD has not.
        let part: HTTPServerResponsePart = exchange.isHead ? .body(.byteBuffer(ByteBuffer())) : .end(trailers)
        guard exchange.closes else {
            context.write(Self.wrapOutboundOut(part), promise: promise)
            if exchanges.isEmpty { stay.rests() }
            return
        }
        let sent = promise ?? context.eventLoop.makePromise(of: Void.self)
        context.writeAndFlush(Self.wrapOutboundOut(part), promise: sent)
        leave(context, after: sent.futureResult)
    }

    /// Writes the answers of ours whose turn it is, and reads on if that was put off.
    private func writeRejections(_ context: ChannelHandlerContext) {
        var hasWritten = false
        while !isLeaving, let problem = exchanges.first?.rejection {
            write(problem, context)
            hasWritten = true
        }
        if hasWritten { context.flush() }
        readOn(context)
    }

    /// Writes the answer to the first exchange.
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

    /// Closes once all that was written is sent: the sending half, and the rest when the client has
    /// closed its own. Closing both at once would reset the connection if the client still sends,
    /// and it might lose the reply.
    private func leave(_ context: ChannelHandlerContext, after sent: EventLoopFuture<Void>) {
        isLeaving = true
        acceptsRequests = false
        stay.ends()
        sent.assumeIsolated().whenComplete { [self] _ in
            hasLeft = true
            guard context.channel.isActive else { return }
            if inputHasEnded { return context.close(promise: nil) }
            stay.isSent()
            context.close(mode: .output, promise: nil)
        }
        // Hummingbird waits for no further request.
        context.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
        readOn(context)
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        stay.writability(is: context.channel.isWritable)
        readOn(context)
        context.fireChannelWritabilityChanged()
    }

    func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        guard isLeaving else { return context.close(mode: mode, promise: promise) }
        promise?.succeed()
    }
}
