// Has the holds that expired logged and removed: some accounts in a call, a few calls at a time, so
// that neither this loop nor the server is held, and all that is due within some seconds.

import Accounting
import Metrics
import NIOCore
import Redis

/// The sweeper of one ledger, used on its event loop.
final class HoldSweeper {
    /// Accounts of one call, where one server has them all; each has some 100 fields looked at.
    static let maximumAccounts = 16
    /// Holds of one call, of more than one account: each costs the server some 10 to 40 us.
    static let maximumHolds = 64
    /// The holds that are due at once are spread over this time...
    static let spread = TimeAmount.seconds(10)
    /// ... in steps of this, while any are due, ...
    static let step = TimeAmount.milliseconds(10)
    /// ... but so many a step at most: what is more takes longer.
    static let maximumHoldsPerStep = 100
    /// How often it is looked what is due.
    static let rest = TimeAmount.seconds(1)
    /// Calls that wait for the server at once, at most.
    static let maximumCalls = 2
    /// After this time what failed is tried again...
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
    /// Holds of what is ``due``.
    private var dueHolds = 0
    /// The most that those were since there were none: it sets the pace.
    private var peak = 0
    /// Holds that may still be looked for in this step.
    private var quota = 0
    private(set) var failed: [ExpiredHoldQueue.Due] = []
    private var retryAt = NIODeadline.uptimeNanoseconds(0)
    private(set) var callsUnderWay = 0
    private var timer: Scheduled<Void>?

    /// - Parameters:
    ///   - script: what sweeps.
    ///   - facts: whether a call may be about several accounts.
    ///   - logRows: as the ledger has it.
    ///   - metrics: where `stint_expired_holds_lost_total` goes.
    ///   - clock: nil, except in tests.
    ///   - lostRows: gets how many holds went without a row, because the server takes none.
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

    /// A question was answered.
    /// - Parameter departure: when its call left; it was answered after that.
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

    /// An execution may have been admitted by a call whose reply was lost, now at the latest.
    func mayHaveAdmitted(_ ask: Ask, about account: Account, under plan: Plan) {
        let grant = Grant(admittedAt: Timestamp(ms: 0), durationMs: ask.durationMs)
        let stay = TimeAmount.milliseconds(Int64(Hold(grant: grant, under: plan).expires.ms))
        if !watched.admitted(account, expires: nil, expiry: eventLoop.now + stay) { unwatched.increment() }
    }

    /// Goes on until ``stop()``.
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

    /// Looks what is due, and sends some calls about it.
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

    /// Sends calls while this step has holds left and the server is not busy with others.
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
            sweep(some, over: topology.link(forTag: first.account.name))
        }
    }

    /// Has the expired holds of some accounts logged and removed.
    private func sweep(_ some: [ExpiredHoldQueue.Due], over link: RedisLink) {
        callsUnderWay += 1
        let callback = ReplyCallback { [weak self] reply in self?.receive(reply, about: some) }
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

    private func receive(_ reply: Result<RedisReply, RedisFailure>, about some: [ExpiredHoldQueue.Due]) {
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
        if case .success(.error(let text)) = reply, text.hasPrefix("NOSCRIPT") { script.digest = nil }
        tryAgain(some, at: now)
    }

    /// Queues the rest of an account ledger, and what the server's clock does not take for expired.
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

    /// Repeating is safe: what is gone is not found again.
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
