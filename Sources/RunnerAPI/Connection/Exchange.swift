// One request and its reply: filled while the request arrives, decided when it is complete, kept in
// its connection's queue until its reply is written, and then used again.

import Access
import Accounting
import Deciding
import HTTPRequests
import NIOCore
import NIOHTTP1
import WireFormat

/// Gets the decision on one request. Confined to its connection's event loop.
final class Exchange: DecisionSink {
    private enum State {
        /// Nothing has come. To `readingBody`, `ready`, `answered`.
        case readingHead
        /// The head asks for something, and its body is to say more. To `ready`, `answered`.
        case readingBody(Arriving)
        /// The request is whole. To `waiting`, `answered`.
        case ready(RunnerRequest, isAuthorized: Bool)
        /// The desk has it. To `answered`.
        case waiting
        /// The reply can be written. What is left of the request is not looked at.
        case answered(Reply)
    }

    /// What is known of a request whose body arrives.
    private struct Arriving {
        let route: Route
        let isJSON: Bool
        /// It came with a good token, or needed none.
        let isAuthorized: Bool
        /// The client must be told to send its body.
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
    /// Gone when the client hung up before the ledger answered.
    private var connection: Connection?
    /// What the request says about the form of its reply.
    private var form = ResponseWriter.Form()
    private var bodyBytes = 0
    private(set) var offersUpgrade = false

    /// This is the connection's last request.
    var closes: Bool { form.closes }

    /// ``receive(_:maximum:)`` found that there is no use in reading this request to its end.
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

    /// - Parameter maximum: bytes of body at most.
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
            // It waits to be told whether to send its body; whether it will nevertheless, nobody
            // knows.
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

    /// - Throws: when the request needs no body to be rejected.
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

    /// A piece of the body. It counts although the request is answered already, and nobody may send
    /// more than the maximum.
    func receive(_ bytes: ByteBuffer, maximum: Int) {
        bodyBytes += bytes.readableBytes
        guard bodyBytes <= maximum else { return reject(.bodyTooLarge(maximumBytes: maximum)) }
        guard case .readingBody(var arriving) = state else { return }
        // Or the pieces before would be copied for each piece.
        state = .readingHead
        arriving.owesContinue = false
        if arriving.route.takesBody { arriving.append(bytes) }
        state = .readingBody(arriving)
    }

    /// All of the request has been received.
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

    /// Takes a request that came whole; nothing else is to be received.
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

    /// The reply is an error, whatever else was known; nobody is asked.
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

    /// Has it decided, unless it is answered already.
    func start(on loop: RunnerLoop) {
        guard case .ready(let request, let isAuthorized) = state else { return }
        // Whichever way a request came here, it does not get past this line without a token.
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

    /// The client is gone; the answer, when it comes, is counted and forgotten.
    func abandon() { connection = nil }

    // MARK: The reply

    /// - Parameter isLast: whether the connection closes after it.
    func write(to replies: inout ResponseWriter, isLast: Bool) {
        guard case .answered(let reply) = state else { preconditionFailure("a reply before its answer") }
        form.closes = isLast
        switch reply {
        case .rejected(let error): replies.write(error, form)
        case .decided(let decision, let account):
            DecisionResponse(decision: decision, account: account).write(to: &replies, form)
        }
    }

    /// Forgets everything, to be used for another request.
    func clear() {
        state = .readingHead
        connection = nil
        form = ResponseWriter.Form()
        bodyBytes = 0
        offersUpgrade = false
    }
}
