// A true history from a seed: runners that overlap, lose replies, repeat requests and over-run,
// against the rule in virtual time. It is recorded as a harness records it, by another clock than
// the ledger's.

import Accounting
import Oracle
import RuleTable
import SeededChance
import WireFormat

struct DrawnHistory {
    static let accounts = [Account("one")!, Account("two")!, Account("three")!]

    let plan: Plan
    private(set) var lines: [HistoryLine] = []
    /// All that was charged, also what no reply tells of.
    private(set) var logs: [Account: SlidingLog] = [:]

    private var random: SeededGenerator
    private var pages: [Account: AccountLedger] = [:]
    /// Questions that are under way, by the instant at which the ledger hears them.
    private var underWay: [SimulatedExecution] = []
    private var running: [Running] = []
    private var begun: [Running] = []
    private let losesReplies: Bool
    /// What the recorder's clock is ahead of the ledger's.
    private let skewMs: Int

    /// A question on its way, by the ledger's clock.
    private struct SimulatedExecution {
        let account: Account
        let question: Question
        let sentAt: Int
        let heardAt: Int
        let answeredAt: Int
        let isLost: Bool
    }

    /// An execution as its runner knows it.
    private struct Running {
        let account: Account
        let id: ExecutionID
        let knownAt: Int
    }

    init(seed: Int, questions: Int = 400, losesReplies: Bool = true) throws {
        random = SeededGenerator(seed: seed)
        self.losesReplies = losesReplies
        skewMs = random.pick([0, 7, -90_000, 3_600_000])
        let windowMs = random.pick([1_000, 5_000, 20_000])
        plan = try Plan(
            name: "recorded",
            limits: [
                Limit(name: "time", meter: .executionTime, amount: 10_000, windowMs: windowMs),
                Limit(
                    name: "executions", meter: .executions, amount: random.number(in: 5...40),
                    windowMs: windowMs,
                    cells: random.pick([1, 10, 60])),
                Limit(name: "long", meter: .executions, amount: 100, windowMs: 60_000),
            ])
        var t = Scenario.beginning.ms
        for account in Self.accounts {
            receive(
                SimulatedExecution(
                    account: account, question: .peek, sentAt: t, heardAt: t, answeredAt: t, isLost: false)
            )
        }
        for _ in 0..<questions {
            t += random.pick([0, 0, 1, 5, 20, random.number(in: 0...200), random.once(in: 40) ? windowMs : 3])
            receive(until: t)
            let account = random.pick(Self.accounts)
            send(question(account, at: t), account, at: t)
        }
        receive(until: .max)
        lines.sort { $0.answeredAt < $1.answeredAt }
    }

    private mutating func send(_ question: Question, _ account: Account, at t: Int) {
        let heardAt = t + random.pick([0, 0, 1, 8, 30])
        underWay.append(
            SimulatedExecution(
                account: account, question: question, sentAt: t, heardAt: heardAt,
                answeredAt: heardAt + random.pick([0, 1, 8, 30]), isLost: losesReplies && random.once(in: 12))
        )
    }

    private mutating func question(_ account: Account, at t: Int) -> Question {
        let known = running.indices.filter { running[$0].account == account && running[$0].knownAt <= t }
        if let index = known.randomElement(using: &random), !random.once(in: 3) {
            let durationMs = random.pick([0, 1, 90, 700, 2_500])
            return .settle(running.remove(at: index).id, durationMs: durationMs)
        }
        let again = begun.filter { $0.account == account }
        if random.once(in: 8), let once = again.randomElement(using: &random) { return .admit(ask(once.id)) }
        let id = ExecutionID("run-\(begun.count)")!
        begun.append(Running(account: account, id: id, knownAt: t))
        return random.once(in: 20) ? .peek : .admit(ask(id))
    }

    private mutating func ask(_ id: ExecutionID) -> Ask {
        Ask(id: id, durationMs: random.pick([1, 500, 1_000, 2_000]), minimumMs: random.pick([1, 5_000]))
    }

    private mutating func receive(until t: Int) {
        while let next = underWay.indices.min(by: { underWay[$0].heardAt < underWay[$1].heardAt }),
            underWay[next].heardAt <= t
        {
            receive(underWay.remove(at: next))
        }
    }

    private mutating func receive(_ errand: SimulatedExecution) {
        let account = errand.account
        let answer = pages[account, default: AccountLedger()].answer(
            errand.question, under: plan, at: Timestamp(ms: errand.heardAt))
        let standing = Standing(plan: plan, usage: answer.usage)
        let limits = LimitsObject(
            executionsRemaining: standing.executionsRemaining, timeRemaining: standing.timeRemaining)
        let exchange: HistoryLine.Exchange
        switch (errand.question, answer.verdict) {
        case (.settle(let id, let durationMs, _), .settled(let receipt)):
            logs[account]?.settle(id, chargedMs: receipt.chargedMs)
            let body = SettledBody(
                id: "\(id)", chargedMs: receipt.chargedMs, returnedMs: receipt.returnedMs,
                overrunMs: receipt.overrunMs,
                limits: limits)
            exchange = .settle(
                id: "\(id)", SettleBody(durationMs: durationMs),
                errand.isLost ? nil : WireReply(status: 200, .accepted(body)))
        case (.settle(let id, let durationMs, _), _):
            let problem = Problem(.executionNotHeld, detail: "no such hold")
            exchange = .settle(
                id: "\(id)", SettleBody(durationMs: durationMs),
                errand.isLost ? nil : WireReply(status: 404, .problem(problem)))
        case (.admit(let ask), let verdict):
            exchange = admit(ask, verdict, limits, errand)
        case (.peek, _):
            exchange = .peek(errand.isLost ? nil : WireReply(status: 200, .accepted(body(account, standing))))
        }
        lines.append(
            HistoryLine(
                account: "\(account)", sentAt: errand.sentAt + skewMs, answeredAt: errand.answeredAt + skewMs,
                exchange))
    }

    private mutating func admit(
        _ ask: Ask, _ verdict: Verdict, _ limits: LimitsObject, _ errand: SimulatedExecution
    ) -> HistoryLine.Exchange {
        let request = AdmitBody(id: "\(ask.id)", maxDurationMs: ask.durationMs)
        let reply: WireReply<AdmittedBody>
        switch verdict {
        case .admitted(let grant), .held(let grant):
            let isNew = verdict == .admitted(grant)
            if isNew { logs[errand.account, default: SlidingLog()].admit(ask.id, grant) }
            if isNew, !errand.isLost {
                running.append(Running(account: errand.account, id: ask.id, knownAt: errand.answeredAt + 1))
            }
            let body = AdmittedBody(
                id: "\(ask.id)", grantedMs: grant.durationMs, deadline: grant.deadline.ms, limits: limits)
            reply = WireReply(status: isNew ? 201 : 200, .accepted(body))
        default:
            reply = WireReply(
                status: 429, .problem(Problem(.quotaExceeded, detail: "no more", limits: limits)))
        }
        return .admit(request, errand.isLost ? nil : reply)
    }

    private func body(_ account: Account, _ standing: Standing) -> StandingBody {
        let policies = plan.limits.indices.map { index in
            let limit = plan.limits[index]
            return PolicyStanding(
                name: limit.name, meter: .init(rawValue: limit.meter.rawValue)!, amount: limit.amount,
                used: standing.used(of: index), remaining: standing.remaining(of: index),
                windowMs: limit.window.lengthMs)
        }
        return StandingBody(
            account: "\(account)", plan: plan.name, policies: policies, limits: LimitsObject())
    }
}
