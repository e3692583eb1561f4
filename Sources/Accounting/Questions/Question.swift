// The three questions of the ledger and what it answers. A denial is an answer, not an error.

/// Admit: may this execution start, and for how long?
public struct Ask: Equatable, Sendable {
    public var id: ExecutionID
    /// The id was made for this very ask, so it cannot be held already.
    public var isNew: Bool
    /// The execution time asked for, in ms; 0 to 31 days.
    public var durationMs: Int
    /// The smallest partial grant that is of use, in ms. More than ``durationMs`` means no partial
    /// grant.
    public var minimumMs: Int
    /// What is to run, for the log; the verdict does not depend on it.
    public var label: Label

    public var function: String? { label.function }
    public var kind: String { label.kind }

    public init(
        id: ExecutionID, isNew: Bool = false, durationMs: Int, minimumMs: Int, function: String? = nil,
        kind: String = Admission.defaultKind
    ) {
        self.id = id
        self.isNew = isNew
        self.durationMs = durationMs
        self.minimumMs = minimumMs
        label = Label(kind: kind, function: function)
    }

    /// What must be left for this ask to be admitted, in ms: at least 1 unless nothing was asked
    /// for.
    public var neededMs: Int { min(durationMs, max(1, minimumMs)) }
}

/// What a ledger is asked about an account.
public enum Question: Equatable, Sendable {
    /// May this execution start, and for how long?
    case admit(Ask)
    /// The execution used `durationMs` (0 to 31 days).
    case settle(ExecutionID, durationMs: Int, ending: Ending = .untold)
    /// What is left? Writes nothing.
    case peek
}

/// What a ledger answers.
public struct Answer: Equatable, Sendable {
    public var verdict: Verdict
    /// What counts after the verdict, one per window of the plan, in the plan's order.
    public var usage: [Usage]

    public init(verdict: Verdict, usage: [Usage]) {
        self.verdict = verdict
        self.usage = usage
    }
}

/// What a ledger says to a question.
public enum Verdict: Equatable, Sendable {
    /// Charged just now.
    case admitted(Grant)
    /// Admitted before and not settled yet: the same grant, nothing charged.
    case held(Grant)
    /// The ask does not fit; nothing charged.
    case denied(Denial)
    /// The charge is corrected, and the hold is gone.
    case settled(Receipt)
    /// Settled before, expired or never admitted; nothing was changed.
    case notHeld
    /// Nothing was changed.
    case peeked
}

/// The execution time charged at admission, which is how long the execution may run.
public struct Grant: Equatable, Sendable {
    public var admittedAt: Timestamp
    public var durationMs: Int

    public init(admittedAt: Timestamp, durationMs: Int) {
        self.admittedAt = admittedAt
        self.durationMs = durationMs
    }

    /// When the execution must have ended.
    public var deadline: Timestamp { admittedAt + durationMs }
}

/// Which limits an ask does not fit, and when it would.
public struct Denial: Equatable, Sendable {
    /// The limits that the ask does not fit, bit `i` for `plan.limits[i]`.
    public var violated: UInt32
    /// ms until the same ask fits if nobody else asks and nothing settles; nil when it never does.
    public var retryAfterMs: Int?

    public init(violated: UInt32, retryAfterMs: Int?) {
        self.violated = violated
        self.retryAfterMs = retryAfterMs
    }

    /// Whether the ask does not fit `plan.limits[limit]`.
    public func violates(_ limit: Int) -> Bool { violated & (1 << UInt32(limit)) != 0 }
}

/// What a settlement did.
public struct Receipt: Equatable, Sendable {
    /// The execution's charge from now on: what it used, or its grant when its cell had left every
    /// window.
    public var chargedMs: Int
    /// How much of the grant came back.
    public var returnedMs: Int
    /// By how much the execution ran past its grant.
    public var overrunMs: Int
    /// What was settled: when and for how long it was admitted.
    public var grant: Grant
    /// What ran; nil when the ledger was told not to keep it.
    public var label: Label?

    public var admittedAt: Timestamp { grant.admittedAt }
    public var grantedMs: Int { grant.durationMs }
    public var function: String? { label?.function }
    public var kind: String? { label?.kind }

    public init(chargedMs: Int, returnedMs: Int, overrunMs: Int, grant: Grant, label: Label?) {
        self.chargedMs = chargedMs
        self.returnedMs = returnedMs
        self.overrunMs = overrunMs
        self.grant = grant
        self.label = label
    }
}

/// What counts within one window.
public struct Usage: Equatable, Sendable {
    public var executions: Int
    public var executionTimeMs: Int
    /// ms until the oldest cell leaves; nil when nothing counts.
    public var oldestLeavesInMs: Int?

    public init(executions: Int, executionTimeMs: Int, oldestLeavesInMs: Int?) {
        self.executions = executions
        self.executionTimeMs = executionTimeMs
        self.oldestLeavesInMs = oldestLeavesInMs
    }

    public func used(_ meter: Meter) -> Int {
        meter.choose(executions: executions, executionTime: executionTimeMs)
    }
}
