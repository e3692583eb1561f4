// The three questions of the ledger and what it answers. A denial is an answer, not an error.

/// Admit: may this execution start, and for how long?
public struct Ask: Equatable, Sendable {
    public var id: ExecutionID
    /// The id was made for this ask, so it is not held.
    public var isNew: Bool
    /// The execution time asked for, in ms; 0 to 31 days.
    public var durationMs: Int
    /// The minimum grant, in ms. If it is more than ``durationMs``, no partial grant is possible.
    public var minimumMs: Int
    /// What the execution runs, for the log; the verdict does not depend on it.
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

    /// The time that must be left for this ask to be admitted, in ms: at least 1, unless 0 ms are
    /// asked.
    public var neededMs: Int { min(durationMs, max(1, minimumMs)) }
}

/// A question to a ledger about an account.
public enum Question: Equatable, Sendable {
    /// May this execution start, and for how long?
    case admit(Ask)
    /// The execution used `durationMs` (0 to 31 days).
    case settle(ExecutionID, durationMs: Int, ending: Ending = .unreported)
    /// What is left? Writes nothing.
    case peek

    /// The execution that it names; nil: none.
    package var id: ExecutionID? {
        switch self {
        case .admit(let ask): ask.id
        case .settle(let id, _, _): id
        case .peek: nil
        }
    }
}

/// A ledger's answer.
public struct Answer: Equatable, Sendable {
    public var verdict: Verdict
    /// What counts after the verdict, one per window of the plan, in the plan's order.
    public var usage: [Usage]

    public init(verdict: Verdict, usage: [Usage]) {
        self.verdict = verdict
        self.usage = usage
    }
}

/// A ledger's verdict on a question.
public enum Verdict: Equatable, Sendable {
    /// Charged just now.
    case admitted(Grant)
    /// Admitted before and not settled yet: the same grant, nothing charged.
    case held(Grant)
    /// The ask does not fit; nothing charged.
    case denied(Denial)
    /// The charge is corrected, and the hold is gone.
    case settled(Receipt)
    /// Settled before, expired or never admitted; nothing changed.
    case notHeld
    /// Nothing changed.
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
    /// ms until the same ask fits if nothing else is charged or settled; nil if it never fits.
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
    /// The execution's charge from now on: what it used, or its grant if its cell had left every
    /// window.
    public var chargedMs: Int
    /// The part of the grant that was returned.
    public var returnedMs: Int
    /// By how much the execution ran past its grant.
    public var overrunMs: Int
    /// When the execution was admitted, and for how long.
    public var grant: Grant
    /// What ran; nil if labels are not kept.
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
