// Stands between an API and a ledger: holds a request against the account's plan before the ledger
// is asked, and turns the ledger's answer into the decision that is spoken. Pure; the caller
// carries the question over.

/// A request to start an execution, as parsed; everything but the account is optional.
public struct Admission: Sendable {
    public var account: Account
    /// Made by the accountant when nil.
    public var id: ExecutionID?
    /// What is to run, for the log: 1 to 256 bytes.
    public var function: String?
    public var kind: String
    /// The execution time asked for, in ms; nil asks for the kind's ceiling.
    public var maxDurationMs: Int?
    /// The smallest useful grant, in ms; nil is the plan's.
    public var minDurationMs: Int?
    public var payloadBytes: Int?

    /// The kind of an execution that names none.
    public static let defaultKind = "function"

    public init(
        account: Account, id: ExecutionID? = nil, function: String? = nil,
        kind: String = Admission.defaultKind,
        maxDurationMs: Int? = nil, minDurationMs: Int? = nil, payloadBytes: Int? = nil
    ) {
        self.account = account
        self.id = id
        self.function = function
        self.kind = kind
        self.maxDurationMs = maxDurationMs
        self.minDurationMs = minDurationMs
        self.payloadBytes = payloadBytes
    }
}

/// An admission that breaks a rule of the plan before any limit is looked at. Nothing is charged.
public enum PlanViolation: Error, Equatable, Sendable {
    /// The plan does not list this kind.
    case unknownKind(String, known: [String])
    /// More time was asked for than one execution of this kind may take.
    case durationAboveCeiling(askedMs: Int, ceilingMs: Int, kind: String)
    case payloadAboveCeiling(bytes: Int, ceilingBytes: Int, kind: String)
    /// The plan caps no duration for this kind, so the request must name one.
    case durationMissing(kind: String)
    case minimumAboveDuration(minimumMs: Int, durationMs: Int)
}

/// Answers "under which plan, and what exactly is asked?". One per event loop; its plans are an
/// immutable snapshot.
public struct Accountant {
    public var plans: PlanBook
    private var random: any RandomNumberGenerator

    /// - Parameters:
    ///   - plans: which plan each account has.
    ///   - random: where the ids come from that callers leave out.
    public init(plans: PlanBook, random: any RandomNumberGenerator) {
        self.plans = plans
        self.random = random
    }

    /// May this execution start?
    /// - Throws: ``PlanViolation`` when the plan rules the request out whatever is left.
    public mutating func consider(_ admission: Admission) throws(PlanViolation) -> PreparedQuestion {
        let plan = plans.plan(of: admission.account)
        let ceiling = try ceiling(of: admission.kind, under: plan)
        if let limit = ceiling.payloadBytes, let bytes = admission.payloadBytes, bytes > limit {
            throw .payloadAboveCeiling(bytes: bytes, ceilingBytes: limit, kind: admission.kind)
        }
        guard let durationMs = admission.maxDurationMs ?? ceiling.maxDurationMs else {
            throw .durationMissing(kind: admission.kind)
        }
        if let limit = ceiling.maxDurationMs, durationMs > limit {
            throw .durationAboveCeiling(askedMs: durationMs, ceilingMs: limit, kind: admission.kind)
        }
        if let minimumMs = admission.minDurationMs, minimumMs > durationMs {
            throw .minimumAboveDuration(minimumMs: minimumMs, durationMs: durationMs)
        }
        let ask = Ask(
            id: admission.id ?? ExecutionID(using: &random), isNew: admission.id == nil,
            durationMs: durationMs, minimumMs: admission.minDurationMs ?? plan.minimumGrantMs,
            function: admission.function, kind: admission.kind)
        return PreparedQuestion(
            account: admission.account, plan: plan, question: .admit(ask), memoryBytes: ceiling.memoryBytes)
    }

    /// An execution used this much.
    public func consider(
        settling id: ExecutionID, durationMs: Int, ending: Ending = .untold, of account: Account
    ) -> PreparedQuestion {
        PreparedQuestion(
            account: account, plan: plans.plan(of: account),
            question: .settle(id, durationMs: durationMs, ending: ending), memoryBytes: nil)
    }

    /// What has the account left?
    public func consider(peekAt account: Account) -> PreparedQuestion {
        PreparedQuestion(account: account, plan: plans.plan(of: account), question: .peek, memoryBytes: nil)
    }

    private func ceiling(of kind: String, under plan: Plan) throws(PlanViolation) -> Ceiling {
        guard let kinds = plan.kinds else { return .none }
        guard let ceiling = kinds[kind] else { throw .unknownKind(kind, known: kinds.keys.sorted()) }
        return ceiling
    }
}

/// A question ready for the ledger, with what is needed to turn its answer into a decision.
public struct PreparedQuestion: Sendable {
    public let account: Account
    public let plan: Plan
    public let question: Question
    /// The kind's memory ceiling, which the runner applies.
    public let memoryBytes: Int?

    /// What is decided when the ledger has answered, or could not.
    public func decision(on answer: Result<Answer, LedgerError>) -> Decision {
        switch answer {
        case .success(let answer): decision(on: answer)
        case .failure(let error): decision(on: error)
        }
    }

    private func decision(on answer: Answer) -> Decision {
        let standing = Standing(plan: plan, usage: answer.usage)
        switch (answer.verdict, question) {
        case (.admitted(let grant), .admit(let ask)):
            return .admitted(
                Admitted(id: ask.id, grant: grant, memoryBytes: memoryBytes, isRepeat: false), standing)
        case (.held(let grant), .admit(let ask)):
            return .admitted(
                Admitted(id: ask.id, grant: grant, memoryBytes: memoryBytes, isRepeat: true), standing)
        case (.denied(let denial), .admit(let ask)): return .denied(denial, ask, standing)
        case (.settled(let receipt), .settle(let id, _, _)): return .settled(id, receipt, standing)
        case (.notHeld, .settle(let id, _, _)): return .notHeld(id)
        case (.peeked, .peek): return .peeked(standing)
        default:
            return .unavailable(.outcomeUnknown("the ledger answered another question than was asked"), nil)
        }
    }

    private func decision(on error: LedgerError) -> Decision {
        guard case .admit(let ask) = question else { return .unavailable(error, nil) }
        if case .noRoom = error { return .unavailable(error, ask.id) }
        switch plan.whenUnavailable {
        case .deny: return .unavailable(error, ask.id)
        case .admit: return .degraded(ask, memoryBytes: memoryBytes, error)
        }
    }
}
