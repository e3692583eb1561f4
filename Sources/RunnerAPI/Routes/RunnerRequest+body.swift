// Turns a route and a body into the request that the desk decides.

import Accounting
import Deciding
import WireFormat

extension RunnerRequest {
    /// - Parameters:
    ///   - route: from the path and the method.
    ///   - body: the bytes, which may be empty.
    ///   - isJSON: whether `Content-Type` is JSON.
    /// - Throws: ``RequestError`` if the body is invalid.
    init(_ route: Route, _ body: some Collection<UInt8>, isJSON: Bool) throws(RequestError) {
        switch route {
        case .peek(let account): self = .peek(account)
        case .settle(let account, let id):
            let body = try Self.read(body, as: SettleBody.self, isJSON: isJSON)
            self = .settle(id, of: account, durationMs: body.durationMs, ending: Ending(body))
        case .admit(let account):
            let body = try Self.read(body, as: AdmitBody.self, isJSON: isJSON)
            self = .admit(try Admission(body, account: account))
        }
    }

    private static func read<Body: WireBody>(
        _ bytes: some Collection<UInt8>, as: Body.Type, isJSON: Bool
    ) throws(RequestError) -> Body {
        guard bytes.isEmpty || isJSON else { throw .unsupportedMediaType }
        do throws(BodyError) {
            return try Body(json: bytes)
        } catch {
            throw RequestError(Problem(error))
        }
    }
}

extension Ending {
    fileprivate init(_ body: SettleBody) {
        self.init(outcome: body.outcome, memoryBytes: body.memoryBytes)
    }
}

extension Admission {
    /// - Throws: ``RequestError`` for an id that is not a valid ``ExecutionID``. The reader of the
    ///   body has rejected such an id before.
    fileprivate init(_ body: AdmitBody, account: Account) throws(RequestError) {
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
