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
    /// What is known about the reply.
    enum Outcome {
        case none
        case rejected(RequestError)
        case decided(Decision, about: Account)
    }

    /// Gone when the client hung up before the ledger answered.
    private var connection: Connection?
    /// What the head asks for, until all of the body has come.
    private var route: Route?
    private var framing: RequestFraming?
    /// It came with a good token, or needed none.
    private var isAuthorized = false
    private var body: ByteBuffer?
    private var bodyBytes = 0
    /// What the whole request asks for, until it is put.
    private var asked: RunnerRequest?
    private(set) var outcome = Outcome.none
    private(set) var isHead = false
    /// The client must be told to send its body.
    private(set) var owesContinue = false
    /// This is the connection's last request.
    private(set) var closes = false

    /// The reply can be written.
    var isAnswered: Bool {
        if case .none = outcome { false } else { true }
    }

    /// What the reply waits for.
    var progress: ConnectionState.FirstReply {
        isAnswered ? .ready(closes: closes) : owesContinue ? .owesContinue : .pending
    }

    var keepsOldConnection: Bool { framing?.keepsOldConnection ?? false }

    var offersUpgrade: Bool { framing?.offersUpgrade ?? false }

    // MARK: The request arrives

    func begin(_ connection: Connection) { self.connection = connection }

    /// - Parameter maximum: bytes of body at most.
    func receive(_ head: HTTPRequestHead, maximum: Int) {
        isHead = head.method == .HEAD
        do throws(RequestError) {
            let framing = try Self.framing(of: head)
            let target = RequestTarget(head.uri)
            self.framing = framing
            closes = framing.closes
            try checkSender(framing, head.method, target)
            let bearer = try connection?.authorize(framing.authorization)
            isAuthorized = connection != nil
            guard framing.length <= maximum else { throw .bodyTooLarge(maximumBytes: maximum) }
            let route = try Routes.route(head.method, target.path)
            if let bearer, !bearer.speaks(for: route.account.name) { throw .refused(.accountForbidden) }
            if framing.length > 0, !framing.isJSON, route.takesBody { throw .unsupportedMediaType }
            self.route = route
            owesContinue = framing.expectsContinue && framing.hasBody
        } catch {
            reject(error)
            // It waits to be told whether to send its body; whether it will nevertheless, nobody
            // knows.
            if framing?.expectsContinue == true { closes = true }
        }
    }

    private static func framing(of head: HTTPRequestHead) throws(RequestError) -> RequestFraming {
        do throws(Problem) {
            return try RequestFraming(head)
        } catch {
            throw RequestError(error, closes: true)
        }
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

    func receive(_ bytes: ByteBuffer, maximum: Int) {
        owesContinue = false
        bodyBytes += bytes.readableBytes
        guard bodyBytes <= maximum else { return reject(.bodyTooLarge(maximumBytes: maximum)) }
        guard route?.takesBody == true else { return }
        if body == nil {
            body = bytes
        } else {
            body?.writeImmutableBuffer(bytes)
        }
    }

    /// All of the request has been received.
    func complete() {
        guard let route else { return }
        self.route = nil
        let bytes = body?.readableBytesView ?? ByteBufferView()
        body = nil
        do throws(RequestError) {
            asked = try RunnerRequest(route, bytes, isJSON: framing?.isJSON == true)
        } catch {
            reject(error)
        }
    }

    /// Takes a request that came whole; nothing else is to be received.
    func receive(_ request: PlainRequest, in bytes: Span<UInt8>) {
        do throws(RequestError) {
            let route = try Routes.route(request.method, path: bytes.extracting(request.path))
            asked = try bytes.extracting(request.body).withUnsafeBufferPointer { body throws(RequestError) in
                try RunnerRequest(route, body, isJSON: request.isJSON)
            }
        } catch {
            reject(error)
        }
    }

    /// The reply is an error, whatever else was known; nobody is asked.
    func reject(_ error: RequestError) {
        outcome = .rejected(error)
        closes = closes || error.closes
        owesContinue = false
        route = nil
        asked = nil
        body = nil
    }

    /// ``receive(_:maximum:)`` found that there is no use in reading this request to its end.
    var isCutShort: Bool { closes && isAnswered }

    func hasContinued() { owesContinue = false }

    // MARK: The request is complete

    /// Puts the question, unless the answer is known already.
    func start(on loop: RunnerLoop) {
        guard let asked else { return }
        self.asked = nil
        // Whichever way a request came here, it does not get past this line without a token.
        guard isAuthorized || connection?.needsTokens == false else { return reject(.refused(.tokenMissing)) }
        loop.desk.decide(asked, to: self)
    }

    // MARK: The answer

    override func decided(_ decision: Decision, about account: Account) {
        outcome = .decided(decision, about: account)
        connection?.answered()
    }

    /// The client is gone; the answer, when it comes, is counted and forgotten.
    func abandon() { connection = nil }

    /// Forgets everything, to be used for another request.
    func clear() {
        connection = nil
        route = nil
        asked = nil
        framing = nil
        isAuthorized = false
        body = nil
        bodyBytes = 0
        outcome = .none
        isHead = false
        owesContinue = false
        closes = false
    }
}
