// Checks a request against the account's plan before the ledger is asked, and turns the ledger's
// answer into a decision. Pure: the caller passes the question to the ledger.

/// A parsed request to start an execution. Everything but the account is optional.
public struct Admission: Sendable {
    public var account: Account
    /// Nil: the accountant makes one.
    public var id: ExecutionID?
    /// The function to run, for the log: 1 to 256 bytes.
    public var function: String?
    public var kind: String
    /// The execution time asked for, in ms; nil: the kind's ceiling.
    public var maxDurationMs: Int?
    /// The minimum grant, in ms; nil: the plan's.
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

/// A rule of the plan that an admission breaks. No limit was checked and nothing is charged.
public enum PlanViolation: Error, Equatable, Sendable {
    /// The plan does not list this kind.
    case unknownKind(String, known: [String])
    /// The request asks for more time than one execution of this kind may take.
    case durationAboveCeiling(askedMs: Int, ceilingMs: Int, kind: String)
    case payloadAboveCeiling(bytes: Int, ceilingBytes: Int, kind: String)
    /// The plan has no ceiling on the duration of this kind, so the request must name a duration.
    case durationMissing(kind: String)
    case minimumAboveDuration(minimumMs: Int, durationMs: Int)
}

/// Prepares requests as questions for the ledger, under the account's plan. One per event loop; its
/// plans are an immutable snapshot.
public struct Accountant {
    public var plans: PlanBook
    private var random: any RandomNumberGenerator

    /// - Parameters:
    ///   - plans: the plan of each account.
    ///   - random: the source of ids for requests without one.
    public init(plans: PlanBook, random: any RandomNumberGenerator) {
        self.plans = plans
        self.random = random
    }

    /// May this execution start?
    /// - Throws: ``PlanViolation`` if the plan rules the request out, however much is left.
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
        settling id: ExecutionID, durationMs: Int, ending: Ending = .unreported, of account: Account
    ) -> PreparedQuestion {
        PreparedQuestion(
            account: account, plan: plans.plan(of: account),
            question: .settle(id, durationMs: durationMs, ending: ending), memoryBytes: nil)
    }

    /// What is left of the account's limits?
    public func consider(peekAt account: Account) -> PreparedQuestion {
        PreparedQuestion(account: account, plan: plans.plan(of: account), question: .peek, memoryBytes: nil)
    }

    private func ceiling(of kind: String, under plan: Plan) throws(PlanViolation) -> Ceiling {
        guard let kinds = plan.kinds else { return .none }
        guard let ceiling = kinds[kind] else { throw .unknownKind(kind, known: kinds.keys.sorted()) }
        return ceiling
    }
}

/// A question for the ledger, with what its decision needs.
public struct PreparedQuestion: Sendable {
    public let account: Account
    public let plan: Plan
    public let question: Question
    /// The kind's memory ceiling, which the runner applies.
    public let memoryBytes: Int?

    /// The decision on the ledger's answer, or on its error.
    public func decision(on answer: Result<Answer, LedgerError>) -> Decision {
        switch answer {
        case .success(let answer): decision(on: answer)
        case .failure(let error): decision(on: error)
        }
    }

    /// The decision on an answer that was given under a part of its plan.
    func decision(on answer: Answer, under share: Plan) -> Decision {
        PreparedQuestion(account: account, plan: share, question: question, memoryBytes: memoryBytes)
            .decision(on: answer)
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
            return .unavailable(.outcomeUnknown("the ledger's answer does not fit the question"), nil)
        }
    }

    private func decision(on error: LedgerError) -> Decision {
        guard case .admit(let ask) = question else { return .unavailable(error, nil) }
        if case .noRoom = error { return .unavailable(error, ask.id) }
        switch plan.whenUnavailable {
        // What a share admits, `DegradedLedger` has decided before this.
        case .deny, .admitShare: return .unavailable(error, ask.id)
        case .admit: return .degraded(ask, memoryBytes: memoryBytes, error)
        }
    }
}
