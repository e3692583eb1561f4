// One account's page of the ledger: its windows and its holds, and the rule that puts an ask to all limits
// at once. Pure: the caller says what time it is. The ten lines of the rule stand in `SlidingWindow.swift`.

/// The record of an admitted execution that is not settled yet.
public struct Hold: Equatable, Sendable {
    /// How long past its deadline a settlement still finds the hold, in ms.
    public static let graceMs = 30_000

    public let grant: Grant
    /// At this instant the hold is gone; its charge leaves with the window.
    public let expires: Timestamp
    /// The windows it was charged to.
    public let windows: [WindowShape]

    init(grant: Grant, windows: [WindowShape]) {
        let stay = windows.reduce(0) { max($0, $1.longestStayMs) }
        self.grant = grant
        self.expires = grant.admittedAt + max(stay, grant.durationMs + Hold.graceMs)
        self.windows = windows
    }
}

public struct LedgerPage: Sendable {
    public private(set) var windows: [WindowShape: SlidingWindow] = [:]
    /// Expired ones are among them until they are swept, which an admission does every ``Hold/graceMs``.
    public private(set) var holds: [ExecutionID: Hold] = [:]
    private var sweepHoldsAt = Timestamp(ms: 0)

    public init() {}

    /// - Parameter clock: what the ledger's clock says; it may have stepped back.
    public mutating func answer(_ question: Question, under plan: Plan, at clock: Timestamp) -> Answer {
        switch question {
        case .admit(let ask):
            let now = advance(plan, to: clock)
            let verdict = admit(ask, under: plan, at: now, clock: clock)
            return Answer(verdict: verdict, usage: usage(under: plan, at: clock))
        case .settle(let id, let durationMs):
            let now = advance(plan, to: clock)
            let verdict = settle(id, durationMs: durationMs, under: plan, at: now)
            return Answer(verdict: verdict, usage: usage(under: plan, at: clock))
        case .peek:
            var copy = self
            _ = copy.advance(plan, to: clock)
            return Answer(verdict: .peeked, usage: copy.usage(under: plan, at: clock))
        }
    }

    /// Nothing here counts at `clock` any more, so the page may be forgotten.
    func isBlank(at clock: Timestamp) -> Bool {
        holds.values.allSatisfy { $0.expires <= clock }
            && windows.values.allSatisfy { window in
                window.clock <= clock
                    && window.cells.allSatisfy { $0.latest + window.shape.lengthMs <= clock }
            }
    }

    /// - Returns: `now`, which is `clock` unless that stepped back.
    private mutating func advance(_ plan: Plan, to clock: Timestamp) -> Timestamp {
        let now = plan.windows.reduce(clock) { max($0, windows[$1]?.clock ?? clock) }
        for shape in plan.windows { windows[shape]?.advance(to: now) }
        return now
    }

    private func usage(under plan: Plan, at clock: Timestamp) -> [Usage] {
        plan.windows.map { shape in
            let window = windows[shape]
            return Usage(
                executions: window?.executions ?? 0, ms: window?.ms ?? 0,
                oldestLeavesInMs: window?.oldestLeaves.map { $0 - clock })
        }
    }

    private mutating func admit(
        _ ask: Ask, under plan: Plan, at now: Timestamp, clock: Timestamp
    ) -> Verdict {
        if let hold = holds[ask.id], hold.expires > now { return .held(hold.grant) }
        var grantMs = ask.durationMs
        var violated: UInt32 = 0
        var fits = clock
        var everFits = true
        for (index, limit) in plan.limits.enumerated() {
            let window = windows[limit.window] ?? SlidingWindow(shape: limit.window)
            let left = limit.amount - window.used(limit.meter)
            let needed = limit.meter == .executions ? 1 : ask.neededMs
            if left >= needed {
                if limit.meter == .executionTime { grantMs = min(grantMs, left) }
                continue
            }
            violated |= 1 << UInt32(index)
            if needed > limit.amount {
                everFits = false
            } else {
                fits = max(fits, window.fits(needed, of: limit.meter, under: limit.amount))
            }
        }
        guard violated == 0 else {
            return .denied(Denial(violated: violated, retryAfterMs: everFits ? fits - clock : nil))
        }
        for shape in plan.windows {
            windows[shape, default: SlidingWindow(shape: shape)].charge(grantMs: grantMs, at: now)
        }
        let grant = Grant(admittedAt: now, durationMs: grantMs)
        if now >= sweepHoldsAt {
            holds = holds.filter { $0.value.expires > now }
            sweepHoldsAt = now + Hold.graceMs
        }
        holds[ask.id] = Hold(grant: grant, windows: plan.windows)
        return .admitted(grant)
    }

    private mutating func settle(
        _ id: ExecutionID, durationMs: Int, under plan: Plan, at now: Timestamp
    ) -> Verdict {
        guard let hold = holds[id], hold.expires > now else { return .notHeld }
        holds[id] = nil
        let grantedMs = hold.grant.durationMs
        var counts = false
        for shape in plan.windows where hold.windows.contains(shape) {
            let corrected = windows[shape]?.correct(
                by: durationMs - grantedMs, admittedAt: hold.grant.admittedAt, at: now)
            counts = corrected == true || counts
        }
        let chargedMs = counts ? durationMs : grantedMs
        return .settled(
            Receipt(
                chargedMs: chargedMs, returnedMs: max(0, grantedMs - chargedMs),
                overrunMs: max(0, durationMs - grantedMs)))
    }
}
