// A route and a body as the request that the desk decides.

import Accounting
import Deciding
import WireFormat

extension RunnerRequest {
    /// - Parameter isJSON: what the request says about its body.
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
    /// - Throws: never for a body that was read: its id has the bytes an ``ExecutionID`` may have.
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
