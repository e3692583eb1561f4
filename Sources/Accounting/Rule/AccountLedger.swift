// Everything that a ledger keeps of one account, its charges and its holds, and the three questions
// about them. Pure: the caller passes the time. The ten lines of the rule are in
// `SlidingWindow.swift`.

/// The record of an admitted execution that is not settled yet.
public struct Hold: Equatable, Sendable {
    /// How long after its deadline a settlement still finds the hold, in ms.
    public static let graceMs = 30_000

    public let grant: Grant
    /// The instant at which the hold expires; its charge leaves with the window.
    public let expires: Timestamp
    /// The windows it was charged to.
    public let windows: [WindowShape]
    /// When each of the windows was charged. Empty: all when it was admitted, and the clock had not
    /// been set back.
    private let moments: [ChargeMoment]
    /// What it runs; nil if labels are not kept.
    public let label: Label?

    package init(grant: Grant, label: Label? = nil, under plan: Plan) {
        self.init(grant: grant, label: label, under: plan, chargedAt: [])
    }

    init(grant: Grant, label: Label?, under plan: Plan, chargedAt moments: [ChargeMoment]) {
        self.moments = moments
        self.grant = grant
        self.label = label
        self.expires = grant.admittedAt + max(plan.longestStayMs, grant.durationMs + Hold.graceMs)
        self.windows = plan.windows
    }

    /// When it was charged to the window of that shape; nil if it was not.
    func moment(of shape: WindowShape) -> ChargeMoment? {
        guard let index = windows.firstIndex(of: shape) else { return nil }
        return moments.isEmpty
            ? ChargeMoment(instant: grant.admittedAt, epoch: Timestamp(ms: 0)) : moments[index]
    }
}

/// Everything that a ledger keeps of one account: its charges and its holds.
public struct AccountLedger: Sendable {
    private var charges = Charges()
    /// Includes expired holds until an admission sweeps them, which happens every ``Hold/graceMs``.
    public private(set) var holds: [ExecutionID: Hold] = [:]
    private var sweepHoldsAt = Timestamp(ms: 0)

    public init() {}

    /// The charges, by window; for tests and inspection.
    public var windows: [WindowShape: SlidingWindow] {
        Dictionary(uniqueKeysWithValues: charges.windows.map { ($0.shape, $0) })
    }

    /// Answers one question and applies its effect.
    /// - Parameters:
    ///   - question: a question about this account.
    ///   - plan: the account's plan.
    ///   - clock: the ledger's clock; it may have stepped back.
    public mutating func answer(_ question: Question, under plan: Plan, at clock: Timestamp) -> Answer {
        switch question {
        case .admit(let ask):
            let now = charges.advance(under: plan, to: clock)
            let verdict = admit(ask, under: plan, at: now, clock: clock)
            return Answer(verdict: verdict, usage: charges.usage(under: plan, at: clock))
        case .settle(let id, let durationMs, _):
            let now = charges.advance(under: plan, to: clock)
            let verdict = settle(id, durationMs: durationMs, under: plan, at: now, clock: clock)
            return Answer(verdict: verdict, usage: charges.usage(under: plan, at: clock))
        case .peek:
            var copy = charges
            _ = copy.advance(under: plan, to: clock)
            return Answer(verdict: .peeked, usage: copy.usage(under: plan, at: clock))
        }
    }

    /// Forgets what was charged to the windows of `plan`, the account's plan. Held executions can
    /// still be settled; that corrects nothing.
    public mutating func forget(under plan: Plan, at clock: Timestamp) {
        charges.forget(under: plan, at: clock)
    }

    /// Whether nothing counts at `clock`, so that the account ledger may be dropped.
    func isBlank(at clock: Timestamp) -> Bool {
        charges.windows.allSatisfy { window in
            window.clock <= clock
                && window.cells.allSatisfy { $0.latest + window.shape.lengthMs <= clock }
        } && holds.values.allSatisfy { $0.expires <= clock }
    }

    private mutating func admit(
        _ ask: Ask, under plan: Plan, at now: Timestamp, clock: Timestamp
    ) -> Verdict {
        if let hold = holds[ask.id], !charges.hasExpired(hold, under: plan, at: now) {
            return .held(hold.grant)
        }
        let verdict = charges.admit(ask, under: plan, at: now, clock: clock)
        guard case .admitted(let grant) = verdict else { return verdict }
        if now >= sweepHoldsAt {
            // The clock may have stepped back behind now: only the windows of this plan clamp it.
            holds = holds.filter { $0.value.expires > min(now, clock) }
            sweepHoldsAt = now + Hold.graceMs
        }
        holds[ask.id] = Hold(
            grant: grant, label: ask.label, under: plan, chargedAt: charges.moments(under: plan, at: now))
        return verdict
    }

    private mutating func settle(
        _ id: ExecutionID, durationMs: Int, under plan: Plan, at now: Timestamp, clock: Timestamp
    ) -> Verdict {
        guard let hold = holds[id], !charges.hasExpired(hold, under: plan, at: now) else {
            return .notHeld
        }
        holds[id] = nil
        return .settled(charges.settle(hold, durationMs: durationMs, under: plan, at: clock))
    }
}
