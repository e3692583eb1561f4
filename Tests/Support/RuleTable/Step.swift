// One row of the rule's table: at this instant, this question; that verdict, and so much left.
// Written so that a row reads as a sentence; instants count from `Scenario.beginning`.

public import Accounting

/// A question at an instant, and what the rule says to it.
public struct Step: Sendable {
    /// ms after ``Scenario/beginning``; may be before that of the step above: the clock stepped
    /// back.
    public let atMs: Int
    public let question: Question
    public let verdict: Verdict
    /// What is left of each limit after the verdict, in the plan's order; nil is not looked at.
    public let left: [Int]?

    public var at: Timestamp { Scenario.beginning + atMs }

    /// Admitted: charged at `since`, which is the step's own instant unless the clock stepped back.
    public static func admit(
        _ id: String, _ durationMs: Int, min minimumMs: Int = 100, at atMs: Int, grants grantMs: Int? = nil,
        since: Int? = nil, left: [Int]? = nil
    ) -> Step {
        let grant = Grant(admittedAt: Scenario.beginning + (since ?? atMs), durationMs: grantMs ?? durationMs)
        return Step(
            atMs: atMs, question: ask(id, durationMs, minimumMs), verdict: .admitted(grant), left: left)
    }

    /// Admitted before, at `since`, and not settled yet.
    public static func held(
        _ id: String, _ durationMs: Int, at atMs: Int, grants grantMs: Int, since: Int, left: [Int]? = nil
    ) -> Step {
        let grant = Grant(admittedAt: Scenario.beginning + since, durationMs: grantMs)
        return Step(atMs: atMs, question: ask(id, durationMs, 100), verdict: .held(grant), left: left)
    }

    /// Denied by the limits with these indices; `retryAfter` nil is never.
    public static func deny(
        _ durationMs: Int, min minimumMs: Int = 100, at atMs: Int, by limits: [Int], retryAfter: Int?,
        left: [Int]? = nil
    ) -> Step {
        let violated = limits.reduce(UInt32(0)) { $0 | 1 << UInt32($1) }
        return Step(
            atMs: atMs, question: ask("denied", durationMs, minimumMs),
            verdict: .denied(Denial(violated: violated, retryAfterMs: retryAfter)), left: left)
    }

    public static func settle(
        _ id: String, _ usedMs: Int, at atMs: Int, charged: Int, returned: Int = 0, overrun: Int = 0,
        left: [Int]? = nil
    ) -> Step {
        let receipt = Receipt(chargedMs: charged, returnedMs: returned, overrunMs: overrun)
        return Step(
            atMs: atMs, question: .settle(ExecutionID(id)!, durationMs: usedMs), verdict: .settled(receipt),
            left: left)
    }

    /// A settlement that changes nothing.
    public static func notHeld(_ id: String, _ usedMs: Int = 1, at atMs: Int, left: [Int]? = nil) -> Step {
        Step(
            atMs: atMs, question: .settle(ExecutionID(id)!, durationMs: usedMs), verdict: .notHeld,
            left: left)
    }

    public static func peek(at atMs: Int, left: [Int]) -> Step {
        Step(atMs: atMs, question: .peek, verdict: .peeked, left: left)
    }

    private static func ask(_ id: String, _ durationMs: Int, _ minimumMs: Int) -> Question {
        .admit(Ask(id: ExecutionID(id)!, durationMs: durationMs, minimumMs: minimumMs))
    }
}
