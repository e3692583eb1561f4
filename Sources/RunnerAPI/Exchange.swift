// One request and its reply: filled while the request arrives, put to the ledger when it is
// complete, kept in its connection's queue until its reply is written, and then used again.

import Access
import Accounting
import HTTPRequests
import NIOCore
import NIOHTTP1
import WireFormat

/// Hears the ledger's answer to one request. Confined to its connection's event loop.
final class Exchange: AnswerSink {
    /// What is known about the reply.
    enum Outcome {
        case none
        case rejected(Rejection)
        case decided(Decision, about: Account)
    }

    private let tally: Tally
    private let decisions: DecisionTally
    /// Gone when the client hung up before the ledger answered.
    private var connection: Connection?
    /// What the head asks for, until all of the body has come.
    private var call: Call?
    private var framing: RequestFraming?
    /// It came with a good token, or needed none.
    private var isAuthorized = false
    private var body: ByteBuffer?
    private var bodyBytes = 0
    /// What the whole request asks for, until it is put.
    private var asked: Asked?
    private var considered: Considered?
    private(set) var outcome = Outcome.none
    private(set) var isHead = false
    /// The client must be told to send its body.
    private(set) var owesContinue = false
    /// This is the connection's last request.
    private(set) var closes = false

    init(tally: Tally, decisions: DecisionTally) {
        self.tally = tally
        self.decisions = decisions
    }

    /// The reply can be written.
    var isAnswered: Bool {
        if case .none = outcome { false } else { true }
    }

    var keepsOldConnection: Bool { framing?.keepsOldConnection ?? false }

    var offersUpgrade: Bool { framing?.offersUpgrade ?? false }

    // MARK: The request arrives

    func begin(_ connection: Connection) { self.connection = connection }

    /// - Parameter maximum: bytes of body at most.
    func receive(_ head: HTTPRequestHead, maximum: Int) {
        isHead = head.method == .HEAD
        do throws(Rejection) {
            let framing = try Self.framing(of: head)
            let target = RequestTarget(head.uri)
            self.framing = framing
            closes = framing.closes
            try checkSender(framing, head.method, target)
            let bearer = try connection?.authorize(framing.authorization)
            isAuthorized = connection != nil
            guard framing.length <= maximum else { throw .bodyTooLarge(maximumBytes: maximum) }
            let call = try Routes.call(head.method, target.path)
            if let bearer, !bearer.speaks(for: call.account.name) { throw .refused(.accountForbidden) }
            if framing.length > 0, !framing.isJSON, call.takesBody { throw .unsupportedMediaType }
            self.call = call
            owesContinue = framing.expectsContinue && framing.hasBody
        } catch {
            reject(error)
            // It waits to be told whether to send its body; whether it will nevertheless, nobody
            // knows.
            if framing?.expectsContinue == true { closes = true }
        }
    }

    private static func framing(of head: HTTPRequestHead) throws(Rejection) -> RequestFraming {
        do throws(Problem) {
            return try RequestFraming(head)
        } catch {
            throw Rejection(error, closes: true)
        }
    }

    private func checkSender(
        _ framing: RequestFraming, _ method: HTTPMethod, _ target: RequestTarget
    ) throws(Rejection) {
        do throws(Problem) {
            try connection?.checkSender(framing, method, target)
        } catch {
            throw Rejection(error, closes: error.type == .malformedRequest)
        }
    }

    func receive(_ bytes: ByteBuffer, maximum: Int) {
        owesContinue = false
        bodyBytes += bytes.readableBytes
        guard bodyBytes <= maximum else { return reject(.bodyTooLarge(maximumBytes: maximum)) }
        guard call?.takesBody == true else { return }
        if body == nil {
            body = bytes
        } else {
            body?.writeImmutableBuffer(bytes)
        }
    }

    /// All of the request has been received.
    func complete() {
        guard let call else { return }
        self.call = nil
        let bytes = body?.readableBytesView ?? ByteBufferView()
        body = nil
        do throws(Rejection) {
            asked = try Asked(call, bytes, isJSON: framing?.isJSON == true)
        } catch {
            reject(error)
        }
    }

    /// Takes a request that came whole; nothing else is to be received.
    func receive(_ request: PlainRequest, in bytes: Span<UInt8>) {
        do throws(Rejection) {
            let call = try Routes.call(request.method, path: bytes.extracting(request.path))
            asked = try bytes.extracting(request.body).withUnsafeBufferPointer { body throws(Rejection) in
                try Asked(call, body, isJSON: request.isJSON)
            }
        } catch {
            reject(error)
        }
    }

    /// The reply is an error, whatever else was known; nobody is asked.
    func reject(_ rejection: Rejection) {
        outcome = .rejected(rejection)
        closes = closes || rejection.closes
        owesContinue = false
        call = nil
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
        guard let considered = consider(asked, on: loop) else { return }
        self.considered = considered
        tally.asked()
        loop.ledger.put(considered.question, about: considered.account, under: considered.plan, to: self)
    }

    /// - Returns: nil when the plan ruled the request out, which is a decision.
    private func consider(_ asked: Asked, on loop: RunnerLoop) -> Considered? {
        switch asked {
        case .peek(let account): return loop.accountant.consider(peekAt: account)
        case .settle(let account, let id, let durationMs, let ending):
            return loop.accountant.consider(
                settling: id, durationMs: durationMs, ending: ending, of: account)
        case .admit(let admission):
            do throws(Refusal) {
                return try loop.accountant.consider(admission)
            } catch {
                decide(.refused(error), about: admission.account)
                return nil
            }
        }
    }

    // MARK: The answer

    func receive(_ answer: Result<Answer, LedgerError>) {
        guard let considered else { preconditionFailure("an answer to no question") }
        self.considered = nil
        tally.answered()
        let decision = considered.decision(on: answer)
        decisions.activity?.count(decision, on: considered)
        decide(decision, about: considered.account)
        connection?.answered()
    }

    private func decide(_ decision: Decision, about account: Account) {
        decisions.count(decision)
        outcome = .decided(decision, about: account)
    }

    /// The client is gone; the answer, when it comes, is counted and forgotten.
    func abandon() { connection = nil }

    /// Forgets everything, to be used for another request.
    func clear() {
        connection = nil
        call = nil
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

extension Call {
    fileprivate var account: Account {
        switch self {
        case .admit(let account), .settle(let account, _), .peek(let account): account
        }
    }

    fileprivate var takesBody: Bool {
        if case .peek = self { false } else { true }
    }
}

/// What a whole request asks for.
private enum Asked {
    case admit(Admission)
    case settle(Account, ExecutionID, durationMs: Int, Ending)
    case peek(Account)

    /// - Parameter isJSON: what the request says about its body.
    init(_ call: Call, _ body: some Collection<UInt8>, isJSON: Bool) throws(Rejection) {
        switch call {
        case .peek(let account): self = .peek(account)
        case .settle(let account, let id):
            let body = try Self.read(body, as: SettleBody.self, isJSON: isJSON)
            self = .settle(account, id, durationMs: body.durationMs, Ending(body))
        case .admit(let account):
            let body = try Self.read(body, as: AdmitBody.self, isJSON: isJSON)
            self = .admit(try Admission(body, account: account))
        }
    }

    private static func read<Body: WireBody>(
        _ bytes: some Collection<UInt8>, as: Body.Type, isJSON: Bool
    ) throws(Rejection) -> Body {
        guard bytes.isEmpty || isJSON else { throw .unsupportedMediaType }
        do throws(BodyError) {
            return try Body(json: bytes)
        } catch {
            throw Rejection(Problem(error))
        }
    }
}

extension Ending {
    fileprivate init(_ body: SettleBody) {
        let outcome: Outcome? =
            switch body.outcome {
            case .ok: .ok
            case .error: .error
            case .timeout: .timeout
            case .notStarted: .notStarted
            case nil: nil
            }
        self.init(outcome: outcome, memoryBytes: body.memoryBytes)
    }
}

extension Admission {
    /// - Throws: never for a body that was read: its id has the bytes an ``ExecutionID`` may have.
    fileprivate init(_ body: AdmitBody, account: Account) throws(Rejection) {
        var id: ExecutionID?
        if let name = body.id {
            id = ExecutionID(name)
            guard id != nil else { throw .malformedID }
        }
        self.init(
            account: account, id: id, function: body.function,
            kind: body.kind ?? Admission.defaultKind,
            maxDurationMs: body.maxDurationMs, minDurationMs: body.minDurationMs,
            payloadBytes: body.payloadBytes)
    }
}
