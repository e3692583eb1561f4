// Writes the 429 and every other decision as HTTP: status, head and body are functions of the
// `Decision`. The rule that decides is in `Accounting/Rule/SlidingWindow.swift`; the ledger runs
// it.

import Accounting
import WireFormat

/// A decision, ready to be written as a reply.
struct DecisionResponse {
    let decision: Decision
    let account: Account

    func write(to reply: inout ResponseWriter, _ form: ResponseWriter.Form) {
        reply.body.removeAll()
        switch decision {
        case .admitted(let admitted, let standing): write(admitted, standing, to: &reply, form)
        case .denied(let denial, let ask, let standing): write(denial, of: ask, standing, to: &reply, form)
        case .settled(let id, let receipt, let standing):
            SettledBody(
                id: id.name, chargedMs: receipt.chargedMs, returnedMs: receipt.returnedMs,
                overrunMs: receipt.overrunMs, limits: standing.limits, overUse: standing.overUse
            ).write(to: &reply.body)
            reply.begin(.ok)
            reply.end(form)
        case .notHeld(let id):
            let detail = "it was settled before, has expired, or was never admitted; nothing was changed"
            reply.write(Problem(.executionNotHeld, detail: detail, id: id.name), form)
        case .peeked(let standing):
            standing.body(of: account).write(to: &reply.body)
            reply.begin(.ok)
            reply.end(form)
        case .refused(let refusal): reply.write(Problem(refusal), form)
        case .unavailable(let error, let id):
            let detail = error.advice(isAdmission: id != nil)
            reply.write(
                Problem(.temporaryReducedCapacity, detail: detail, id: id?.name), form,
                retryAfterSeconds: error.retryAfterSeconds)
        case .degraded(let ask, let memoryBytes, _):
            // No deadline and no limits: nothing bounds it.
            AdmittedBody(
                id: ask.id.name, grantedMs: ask.durationMs, deadline: nil, memoryBytes: memoryBytes,
                degraded: true
            ).write(to: &reply.body)
            reply.begin(.created)
            reply.end(form)
        }
    }

    private func write(
        _ admitted: Admitted, _ standing: Standing, to reply: inout ResponseWriter,
        _ form: ResponseWriter.Form
    ) {
        AdmittedBody(
            id: admitted.id.name, grantedMs: admitted.grant.durationMs, deadline: admitted.grant.deadline.ms,
            memoryBytes: admitted.memoryBytes, limits: standing.limits,
            suggestedIntervalMs: standing.suggestedIntervalMs, degraded: standing.isDegraded,
            overUse: standing.overUse
        ).write(to: &reply.body)
        reply.begin(admitted.isRepeat ? .ok : .created)
        reply.rateLimit(standing, retryAfterMs: nil)
        reply.end(form)
    }

    /// The 429.
    private func write(
        _ denial: Denial, of ask: Ask, _ standing: Standing, to reply: inout ResponseWriter,
        _ form: ResponseWriter.Form
    ) {
        let limits = standing.plan.limits
        let violated = limits.indices.filter(denial.violates)
        var detail = violated.map { standing.shortage(of: $0, for: ask) }.joined(separator: "; ")
        if denial.retryAfterMs == nil { detail += "; it never fits" }
        if standing.isDegraded { detail += "; the ledger cannot answer, and this process's share is used" }
        Problem(
            .quotaExceeded, detail: detail, violatedPolicies: violated.map { limits[$0].name },
            retryAfterMs: denial.retryAfterMs, limits: standing.limits, overUse: standing.overUse
        ).write(to: &reply.body)
        reply.begin(.tooManyRequests)
        reply.field("Cache-Control", "no-store")
        if let waitMs = denial.retryAfterMs {
            reply.field(HeaderName.retryAfter, Seconds.roundedUp(milliseconds: waitMs))
        }
        reply.rateLimit(standing, retryAfterMs: denial.retryAfterMs)
        reply.end(form)
    }
}

extension Standing {
    fileprivate var limits: LimitsObject {
        LimitsObject(executionsRemaining: executionsRemaining, timeRemaining: timeRemaining)
    }

    fileprivate var overUse: OverUseObject? {
        plan.overUse.map { OverUseObject(executions: $0.executions, executionTimeMs: $0.executionTimeMs) }
    }

    fileprivate func body(of account: Account) -> StandingBody {
        let policies = plan.limits.indices.map { index in
            let limit = plan.limits[index]
            return PolicyStanding(
                name: limit.name, meter: limit.meter, amount: limit.amount, used: used(of: index),
                remaining: remaining(of: index), windowMs: limit.window.lengthMs)
        }
        return StandingBody(
            account: account.name, plan: plan.name, policies: policies, limits: limits,
            suggestedIntervalMs: suggestedIntervalMs)
    }

    /// `10000 ms asked, 0 ms left in the last 60 s`
    fileprivate func shortage(of index: Int, for ask: Ask) -> String {
        let limit = plan.limits[index]
        let window = Seconds.text(milliseconds: limit.window.lengthMs)
        let left = remaining(of: index)
        return switch limit.meter {
        case .executions: "1 execution asked, \(left) left in the last \(window)"
        case .executionTime: "\(ask.durationMs) ms asked, \(left) ms left in the last \(window)"
        }
    }
}

extension Problem {
    /// The problem of a request that the plan rules out. The ledger was not asked.
    fileprivate init(_ refusal: PlanViolation) {
        switch refusal {
        case .unknownKind(let kind, let known):
            let kinds = known.isEmpty ? "none" : known.joined(separator: ", ")
            self.init(.unknownKind, detail: "unknown kind '\(kind)'; the plan has: \(kinds)", field: .kind)
        case .durationAboveCeiling(let askedMs, let ceilingMs, let kind):
            self.init(
                .askAboveCeiling,
                detail: "\(askedMs) ms asked, the kind '\(kind)' allows at most \(ceilingMs) ms",
                field: .maxDurationMs)
        case .payloadAboveCeiling(let bytes, let ceilingBytes, let kind):
            self.init(
                .payloadAboveCeiling,
                detail: "\(bytes) bytes of payload, the kind '\(kind)' allows at most \(ceilingBytes) bytes",
                field: .payloadBytes)
        case .durationMissing(let kind):
            self.init(
                .durationMissing,
                detail: "missing maxDurationMs: the plan has no duration ceiling for the kind '\(kind)'",
                field: .maxDurationMs)
        case .minimumAboveDuration(let minimumMs, let durationMs):
            self.init(
                .malformedField,
                detail: "minDurationMs must be at most \(durationMs) (ms), found \(minimumMs)",
                field: .minDurationMs)
        }
    }
}

extension LedgerError {
    fileprivate var retryAfterSeconds: Int {
        if case .noRoom(_, let waitMs) = self { Seconds.roundedUp(milliseconds: waitMs) } else { 1 }
    }

    /// What happened, why, and what is safe to do now.
    fileprivate func advice(isAdmission: Bool) -> String {
        let what =
            switch self {
            case .notApplied(let reason): "the ledger cannot answer; nothing was applied (\(reason))"
            case .outcomeUnknown(let reason):
                "the ledger gave no valid answer; whether the request was applied is unknown (\(reason))"
            case .noRoom(let reason, _): reason
            }
        return what + (isAdmission ? "; repeating with the same id is safe" : "; repeating is safe")
    }
}
