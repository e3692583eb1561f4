// One request and its reply: filled while the request arrives, decided when it is complete, queued
// until its reply is written, and then reused for another request.

import Access
import Accounting
import Deciding
import HTTPRequests
import NIOCore
import NIOHTTP1
import WireFormat

/// Receives the decision on one request. Used only on its connection's event loop.
final class Exchange: DecisionSink {
    private enum State {
        /// Waits for the head. To `readingBody`, `ready`, `answered`.
        case readingHead
        /// The head is valid, and the body arrives. To `ready`, `answered`.
        case readingBody(Arriving)
        /// The request is complete. To `waiting`, `answered`.
        case ready(RunnerRequest, isAuthorized: Bool)
        /// The desk has it. To `answered`.
        case waiting
        /// The reply can be written. The rest of the request is ignored.
        case answered(Reply)
    }

    /// What is known of a request whose body arrives.
    private struct Arriving {
        let route: Route
        let isJSON: Bool
        /// It has a valid token, or needs none.
        let isAuthorized: Bool
        /// The client waits for 100 Continue before it sends the body.
        var owesContinue: Bool
        var body: ByteBuffer?

        mutating func append(_ bytes: ByteBuffer) {
            if body == nil {
                body = bytes
            } else {
                body?.writeImmutableBuffer(bytes)
            }
        }
    }

    private enum Reply {
        case rejected(RequestError)
        case decided(Decision, about: Account)
    }

    private var state = State.readingHead
    /// Nil if the client hung up before the ledger answered.
    private var connection: Connection?
    /// The form of the reply that the request asks for.
    private var form = ResponseWriter.Form()
    private var bodyBytes = 0
    private(set) var offersUpgrade = false

    /// This is the connection's last request.
    var closes: Bool { form.closes }

    /// The reply is known and the connection closes, so the rest of the request is not needed.
    var isCutShort: Bool {
        if case .answered = state { closes } else { false }
    }

    /// What the reply waits for.
    var progress: ConnectionState.FirstReply {
        switch state {
        case .answered: .ready(closes: closes)
        case .readingBody(let arriving): arriving.owesContinue ? .owesContinue : .pending
        case .readingHead, .ready, .waiting: .pending
        }
    }

    // MARK: The request arrives

    func begin(_ connection: Connection) { self.connection = connection }

    /// Receives the head.
    /// - Parameters:
    ///   - head: as the decoder read it.
    ///   - maximum: the most bytes of the body.
    func receive(_ head: HTTPRequestHead, maximum: Int) {
        form.isHead = head.method == .HEAD
        var expectsContinue = false
        do throws(RequestError) {
            let framing = try Self.framing(of: head)
            form.closes = framing.closes
            form.keepsOldConnection = framing.keepsOldConnection
            offersUpgrade = framing.offersUpgrade
            expectsContinue = framing.expectsContinue
            state = .readingBody(try arriving(head, framing, maximum: maximum))
        } catch {
            reject(error)
            // The client waits for 100 Continue, and may send its body or not. So it is unknown
            // where the next request would begin.
            if expectsContinue { form.closes = true }
        }
    }

    private static func framing(of head: HTTPRequestHead) throws(RequestError) -> RequestFraming {
        do throws(Problem) {
            return try RequestFraming(head)
        } catch {
            throw RequestError(error, closes: true)
        }
    }

    /// - Throws: ``RequestError`` if the head alone is enough to reject the request.
    private func arriving(
        _ head: HTTPRequestHead, _ framing: RequestFraming, maximum: Int
    ) throws(RequestError) -> Arriving {
        let target = RequestTarget(head.uri)
        try checkSender(framing, head.method, target)
        let bearer = try connection?.authorize(framing.authorization)
        let isAuthorized = connection != nil
        guard framing.length <= maximum else { throw .bodyTooLarge(maximumBytes: maximum) }
        let route = try Routes.route(head.method, target.path)
        if let bearer, !bearer.speaks(for: route.account.name) { throw .unauthenticated(.accountForbidden) }
        if framing.length > 0, !framing.isJSON, route.takesBody { throw .unsupportedMediaType }
        return Arriving(
            route: route, isJSON: framing.isJSON, isAuthorized: isAuthorized,
            owesContinue: framing.expectsContinue && framing.hasBody)
    }

    private func checkSender(
        _ framing: RequestFraming, _ method: HTTPMethod, _ target: RequestTarget
    ) throws(RequestError) {
        do throws(Problem) {
            try connection?.checkSender(framing, method, target)
        } catch {
            throw RequestError(error, closes: error.type == .malformedRequest)
        }
    }

    /// Receives a piece of the body. It counts towards the maximum even if the request is answered
    /// already.
    /// - Parameters:
    ///   - bytes: the piece.
    ///   - maximum: the most bytes of the body.
    func receive(_ bytes: ByteBuffer, maximum: Int) {
        bodyBytes += bytes.readableBytes
        guard bodyBytes <= maximum else { return reject(.bodyTooLarge(maximumBytes: maximum)) }
        guard case .readingBody(var arriving) = state else { return }
        // Releases the other reference to the body, or each append would copy it.
        state = .readingHead
        arriving.owesContinue = false
        if arriving.route.takesBody { arriving.append(bytes) }
        state = .readingBody(arriving)
    }

    /// The end of the request has come.
    func complete() {
        guard case .readingBody(let arriving) = state else { return }
        do throws(RequestError) {
            let bytes = arriving.body?.readableBytesView ?? ByteBufferView()
            let request = try RunnerRequest(arriving.route, bytes, isJSON: arriving.isJSON)
            state = .ready(request, isAuthorized: arriving.isAuthorized)
        } catch {
            reject(error)
        }
    }

    /// Receives a complete request. Nothing else follows.
    func receive(_ request: PlainRequest, in bytes: Span<UInt8>) {
        do throws(RequestError) {
            let route = try Routes.route(request.method, path: bytes.extracting(request.path))
            let asked = try bytes.extracting(request.body).withUnsafeBufferPointer {
                body throws(RequestError) in
                try RunnerRequest(route, body, isJSON: request.isJSON)
            }
            state = .ready(asked, isAuthorized: false)
        } catch {
            reject(error)
        }
    }

    /// Answers with an error in place of any other reply, without a question to the ledger.
    func reject(_ error: RequestError) {
        state = .answered(.rejected(error))
        form.closes = form.closes || error.closes
    }

    func hasContinued() {
        guard case .readingBody(var arriving) = state else { return }
        arriving.owesContinue = false
        state = .readingBody(arriving)
    }

    // MARK: The request is complete

    /// Lets the desk decide the request, unless it is answered already.
    func start(on loop: RunnerLoop) {
        guard case .ready(let request, let isAuthorized) = state else { return }
        // No request passes this line without a token if one is needed, on any path.
        guard isAuthorized || connection?.needsTokens == false else {
            return reject(.unauthenticated(.tokenMissing))
        }
        state = .waiting
        loop.desk.decide(request, to: self)
    }

    override func decided(_ decision: Decision, about account: Account) {
        state = .answered(.decided(decision, about: account))
        connection?.answered()
    }

    /// The client is gone. The answer will be counted and dropped.
    func abandon() { connection = nil }

    // MARK: The reply

    /// Writes the reply.
    /// - Parameters:
    ///   - replies: the event loop's writer.
    ///   - isLast: whether the connection closes after it.
    func write(to replies: inout ResponseWriter, isLast: Bool) {
        guard case .answered(let reply) = state else { preconditionFailure("a reply before its answer") }
        form.closes = isLast
        switch reply {
        case .rejected(let error): replies.write(error, form)
        case .decided(let decision, let account):
            DecisionResponse(decision: decision, account: account).write(to: &replies, form)
        }
    }

    /// Resets everything, for another request.
    func clear() {
        state = .readingHead
        connection = nil
        form = ResponseWriter.Form()
        bodyBytes = 0
        offersUpgrade = false
    }
}
