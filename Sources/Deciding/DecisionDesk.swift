// The one way from a request to a decision: the account's plan, the ledger, the metrics. Every API
// for runners decides here, so all of them decide alike and each decision counts once.

public import Accounting
public import Metrics

/// Decides the requests of one event loop; used on it only.
public final class DecisionDesk {
    private var accountant: Accountant
    private let ledger: any Ledger
    /// What this process may admit while the ledger cannot answer; nil: nothing.
    private let degraded: DegradedLedger?
    private let metrics: DecisionMetrics
    private let openQuestions: OpenQuestions
    /// What accounts do, for the rollups; nil if there are none.
    private var activity: ActivityBook?

    /// - Parameters:
    ///   - accountant: has the plans in force.
    ///   - ledger: the ledger of the same event loop.
    ///   - degraded: decides under plans with a share while the ledger cannot answer; all desks of
    ///     a process share it. Nil: such plans deny then.
    ///   - metrics: where `stint_decisions_total` is counted.
    ///   - openQuestions: the count that all desks share.
    ///   - countsActivity: whether to count what accounts do for ``drainActivity(minute:_:)``,
    ///     which must then be called regularly.
    public init(
        accountant: Accountant, ledger: any Ledger, degraded: DegradedLedger? = nil,
        metrics: any MetricsFactory, openQuestions: OpenQuestions, countsActivity: Bool = false
    ) {
        self.accountant = accountant
        self.ledger = ledger
        self.degraded = degraded
        self.metrics = DecisionMetrics(factory: metrics)
        self.openQuestions = openQuestions
        activity = countsActivity ? ActivityBook() : nil
        self.metrics.prepare(for: accountant.plans)
    }

    /// The plans in force.
    public var plans: PlanBook { accountant.plans }

    /// Replaces the plans for all later requests.
    public func replace(plans: PlanBook) {
        accountant.plans = plans
        metrics.prepare(for: plans)
    }

    // MARK: Decisions

    /// Decides a request.
    /// - Parameters:
    ///   - request: the request.
    ///   - sink: receives the decision once, perhaps before this returns.
    public func decide(_ request: RunnerRequest, to sink: DecisionSink) {
        let question: PreparedQuestion
        do throws(PlanViolation) {
            question = try prepare(request)
        } catch {
            let decision = Decision.refused(error)
            metrics.count(decision)
            return sink.decided(decision, about: request.account)
        }
        if let decision = degraded?.decision(on: question) {
            return sink.decided(counted(decision, on: question), about: request.account)
        }
        sink.waits(for: question, at: self)
        openQuestions.opened()
        ledger.put(question.question, about: question.account, under: question.plan, to: sink)
    }

    /// - Throws: if the plan rules the request out; then the ledger is not asked.
    private func prepare(_ request: RunnerRequest) throws(PlanViolation) -> PreparedQuestion {
        switch request {
        case .admit(let admission): try accountant.consider(admission)
        case .settle(let id, let account, let durationMs, let ending):
            accountant.consider(settling: id, durationMs: durationMs, ending: ending, of: account)
        case .peek(let account): accountant.consider(peekAt: account)
        }
    }

    /// The ledger's answer as a decision, counted.
    func decision(on answer: Result<Answer, LedgerError>, to question: PreparedQuestion) -> Decision {
        openQuestions.closed()
        if case .failure(let error) = answer, let decision = degraded?.decision(on: question, after: error) {
            return counted(decision, on: question)
        }
        let decision = question.decision(on: answer)
        if case .settled = decision { degraded?.settledByLedger(question) }
        return counted(decision, on: question)
    }

    private func counted(_ decision: Decision, on question: PreparedQuestion) -> Decision {
        activity?.count(decision, on: question)
        metrics.count(decision)
        return decision
    }

    // MARK: Debts

    /// Charges the ledger for up to `maximum` executions that were admitted without it.
    /// - Parameter done: called once, perhaps before this returns, with the number of payments that
    ///   the ledger accepted and of those that it did not; these come again.
    public func payDebts(_ maximum: Int, done: @escaping (_ accepted: Int, _ failed: Int) -> Void) {
        let payments = degraded?.nextPayments(maximum) ?? []
        guard let degraded, !payments.isEmpty else { return done(0, 0) }
        let round = PaymentRound(payments.count, of: degraded, done: done)
        var unbounded: [ObjectIdentifier: Plan] = [:]
        for payment in payments {
            let plan = accountant.plans.plan(of: payment.account)
            let charged = unbounded[ObjectIdentifier(plan)] ?? Plan(unbounded: plan)
            unbounded[ObjectIdentifier(plan)] = charged
            ledger.put(payment.question, about: payment.account, under: charged, to: round.sink(for: payment))
        }
    }

    // MARK: Activity

    /// Drains what accounts did, and starts a minute.
    /// - Parameters:
    ///   - minute: its number, counted from 1970.
    ///   - take: drains the book.
    /// - Returns: an empty array unless activity is counted.
    public func drainActivity(
        minute: Int, _ take: (inout ActivityBook) -> [MinuteActivity]
    ) -> DrainedActivity {
        guard activity != nil else { return DrainedActivity() }
        activity!.begin(minute: minute)
        let activities = take(&activity!)
        return DrainedActivity(activities: activities, uncounted: activity!.drainUncounted())
    }
}
