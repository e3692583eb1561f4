// Has expired holds logged and deleted: some accounts per call and a few calls at a time. So it
// blocks neither this loop nor the server, and handles everything that is due within some seconds.

import Accounting
import Metrics
import NIOCore
import Redis

/// Sweeps the account ledgers of one ledger, on its event loop.
final class HoldSweeper {
    /// The maximum number of accounts in a call if one server has all accounts. A call looks at
    /// some 100 fields of each.
    static let maximumAccounts = 16
    /// The maximum number of holds in a call about more than one account: each costs the server
    /// some 10 to 40 us.
    static let maximumHolds = 64
    /// The time over which holds that are due at once are spread...
    static let spread = TimeAmount.seconds(10)
    /// ... in steps of this length, while any are due, ...
    static let step = TimeAmount.milliseconds(10)
    /// ... with at most this many holds per step. More holds take longer.
    static let maximumHoldsPerStep = 100
    /// How often the sweeper checks whether anything is due.
    static let rest = TimeAmount.seconds(1)
    /// The maximum number of calls in flight.
    static let maximumCalls = 2
    /// Failed sweeps are repeated after this pause...
    static let retryPause = TimeAmount.seconds(5)
    /// ... for as long as an account ledger outlives its holds (`Scripts/Decide/account.lua`).
    static let retryLimit = TimeAmount.minutes(10)

    private let eventLoop: any EventLoop
    private let topology: Topology
    private let script: LoadedScript
    private let facts: ServerFacts
    private let keys: LedgerKeys
    private let logRows: Int
    private let clock: (() -> Timestamp)?
    private let unwatched: Counter
    private let abandoned: Counter
    private let lostRows: (Int) -> Void

    private var watched = ExpiredHoldQueue()
    private var due = CircularBuffer<ExpiredHoldQueue.Due>()
    /// The number of holds in ``due``.
    private var dueHolds = 0
    /// The maximum of ``dueHolds`` since it was last 0. It sets the pace.
    private var peak = 0
    /// The number of holds that this step may still sweep.
    private var quota = 0
    private(set) var failed: [ExpiredHoldQueue.Due] = []
    private var retryAt = NIODeadline.uptimeNanoseconds(0)
    private(set) var callsUnderWay = 0
    private var timer: Scheduled<Void>?

    /// - Parameters:
    ///   - script: the script that sweeps.
    ///   - facts: whether a call may be about several accounts.
    ///   - logRows: the same value as the ledger's.
    ///   - metrics: where `stint_expired_holds_lost_total` is counted.
    ///   - clock: nil, except in tests.
    ///   - lostRows: receives the number of holds deleted without a row, because the server does
    ///     not accept rows.
    init(
        eventLoop: any EventLoop, topology: Topology, script: LoadedScript, facts: ServerFacts,
        keys: LedgerKeys, logRows: Int, metrics: any MetricsFactory, clock: (() -> Timestamp)?,
        lostRows: @escaping (Int) -> Void
    ) {
        self.topology = topology
        self.script = script
        self.facts = facts
        self.lostRows = lostRows
        self.eventLoop = eventLoop
        self.keys = keys
        self.logRows = logRows
        self.clock = clock
        func lost(_ reason: String) -> Counter {
            let counter = Counter(
                label: "stint_expired_holds_lost_total", dimensions: [("reason", reason)], factory: metrics)
            counter.increment(by: 0)
            return counter
        }
        unwatched = lost("crowded")
        abandoned = lost("failed")
    }

    private var accountsPerCall: Int { facts.hasAllAccounts ? HoldSweeper.maximumAccounts : 1 }

    /// Notes the answer to a question.
    /// - Parameter departure: when its call was sent, which was before the answer.
    func answered(_ verdict: Verdict, about account: Account, under plan: Plan, since departure: NIODeadline)
    {
        switch verdict {
        case .admitted(let grant), .held(let grant): admitted(account, grant, under: plan, since: departure)
        case .settled(let receipt):
            watched.settled(account, expires: Hold(grant: receipt.grant, under: plan).expires)
        case .denied, .notHeld, .peeked: break
        }
    }

    func admitted(_ account: Account, _ grant: Grant, under plan: Plan, since departure: NIODeadline) {
        let expires = Hold(grant: grant, under: plan).expires
        let stay = TimeAmount.milliseconds(Int64(expires - grant.admittedAt))
        if !watched.admitted(account, expires: expires, expiry: departure + stay) { unwatched.increment() }
    }

    /// Notes an execution that a call may have admitted, now at the latest, whose reply was lost.
    func mayHaveAdmitted(_ ask: Ask, about account: Account, under plan: Plan) {
        let grant = Grant(admittedAt: Timestamp(ms: 0), durationMs: ask.durationMs)
        let stay = TimeAmount.milliseconds(Int64(Hold(grant: grant, under: plan).expires.ms))
        if !watched.admitted(account, expires: nil, expiry: eventLoop.now + stay) { unwatched.increment() }
    }

    /// Sweeps until ``stop()``.
    func start() {
        let pause = due.isEmpty ? HoldSweeper.rest : HoldSweeper.step
        timer = eventLoop.assumeIsolated().scheduleTask(in: pause) { [weak self] in
            guard let self else { return }
            step(at: eventLoop.now)
            start()
        }
    }

    func stop() {
        timer?.cancel()
        timer = nil
    }

    /// Collects what is due, and sends some calls about it.
    func step(at now: NIODeadline) {
        for one in watched.dequeueDue(at: now) { queue(one) }
        if retryAt <= now {
            let again = failed
            failed = []
            for one in again { queue(one) }
        }
        peak = due.isEmpty ? 0 : max(peak, dueHolds)
        let steps = Int(HoldSweeper.spread.nanoseconds / HoldSweeper.step.nanoseconds)
        quota = min(
            max(HoldSweeper.maximumAccounts, (peak + steps - 1) / steps), HoldSweeper.maximumHoldsPerStep)
        sendSome()
    }

    private func queue(_ one: ExpiredHoldQueue.Due) {
        due.append(one)
        dueHolds += one.holds
    }

    /// Sends calls while this step has holds left and fewer than ``maximumCalls`` are in flight.
    private func sendSome() {
        while quota > 0, callsUnderWay < HoldSweeper.maximumCalls, let first = due.popFirst() {
            var some = [first]
            var holds = first.holds
            while some.count < accountsPerCall, let next = due.first,
                holds + next.holds <= min(quota, HoldSweeper.maximumHolds)
            {
                some.append(next)
                holds += next.holds
                due.removeFirst()
            }
            dueHolds -= holds
            quota -= max(holds, some.count)
            switch topology.link(forTag: first.account.name) {
            case .success(let link): sweep(some, over: link)
            case .failure: tryAgain(some, at: eventLoop.now)
            }
        }
    }

    /// Has the expired holds of some accounts logged and deleted.
    private func sweep(_ some: [ExpiredHoldQueue.Due], over link: RedisLink) {
        callsUnderWay += 1
        let callback = ReplyCallback { [weak self] reply in self?.receive(reply, about: some, from: link) }
        link.send(argumentCount: 3 + some.count + 3 + some.count, to: callback) { writer in
            script.append(to: &writer, withText: false)
            writer.append(some.count)
            for one in some { keys.append(accountLedgerOf: one.account, to: &writer) }
            if let clock { writer.append(clock().ms) } else { writer.append("") }
            writer.append(logRows)
            writer.append("0")
            for one in some { writer.append(one.cursor) }
        }
    }

    private func receive(
        _ reply: Result<RedisReply, RedisFailure>, about some: [ExpiredHoldQueue.Due], from link: RedisLink
    ) {
        callsUnderWay -= 1
        defer { sendSome() }
        let now = eventLoop.now
        if case .success(let reply) = reply, let swept = Swept(reply, accounts: some.count) {
            if swept.lostRows > 0 { lostRows(swept.lostRows) }
            if !swept.isRefused {
                for (one, part) in zip(some, swept.parts) { goOn(with: one, part, at: now, swept.clock) }
                return
            }
        }
        if case .success(.error(let text)) = reply {
            if text.hasPrefix("NOSCRIPT") { script.digest = nil }
            // Where the keys are is learnt for the next try.
            _ = topology.retry(after: ErrorReply(text), from: link, retries: 0)
        }
        tryAgain(some, at: now)
    }

    /// Queues the rest of an account ledger, and the holds that have not expired on the server's
    /// clock.
    private func goOn(
        with one: ExpiredHoldQueue.Due, _ part: Swept.Part, at now: NIODeadline, _ clock: Timestamp
    ) {
        var one = one
        one.cursor = part.cursor
        one.holds = max(1, one.holds - part.expired)
        if part.cursor != "0" { return queue(one) }
        let early = one.expires - clock
        guard early > 0 else { return }
        let isWatched = watched.admitted(
            one.account, holds: one.holds, expires: one.expires,
            expiry: now + .milliseconds(Int64(early)))
        if !isWatched { unwatched.increment(by: Int64(one.holds)) }
    }

    /// Repeats a sweep. That is safe: a deleted hold is not found again.
    private func tryAgain(_ some: [ExpiredHoldQueue.Due], at now: NIODeadline) {
        for one in some {
            if now - one.since < HoldSweeper.retryLimit {
                failed.append(one)
            } else {
                abandoned.increment(by: Int64(one.holds))
            }
        }
        retryAt = now + HoldSweeper.retryPause
    }
}
