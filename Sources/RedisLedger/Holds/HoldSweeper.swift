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
    /// ... for as long as a page outlives its holds (`Scripts/Decide/page.lua`).
    static let perseverance = TimeAmount.minutes(10)

    private let eventLoop: any EventLoop
    private let keys: LedgerKeys
    private let logRows: Int
    private let clock: (() -> Timestamp)?
    private let unwatched: Counter
    private let abandoned: Counter
    private let lostRows: (Int) -> Void

    private var watch = HoldWatch()
    private var due = CircularBuffer<HoldWatch.Due>()
    /// Holds of what is ``due``.
    private var dueHolds = 0
    /// The most that those were since there were none: it sets the pace.
    private var peak = 0
    /// Holds that may still be looked for in this step.
    private var quota = 0
    private weak var link: RedisLink?
    private(set) var failed: [HoldWatch.Due] = []
    private var retryAt = NIODeadline.uptimeNanoseconds(0)
    private(set) var callsUnderWay = 0
    private var timer: Scheduled<Void>?
    /// The script's digest as the server says it; nil: calls carry the text.
    private var digest: ByteBuffer?
    /// 1 where accounts live on different servers.
    var accountsPerCall = 1

    /// - Parameters:
    ///   - logRows: as the ledger has it.
    ///   - metrics: where `stint_expired_holds_lost_total` goes.
    ///   - clock: nil, except in tests.
    ///   - lostRows: hears how many holds went without a row, because the server takes none.
    init(
        eventLoop: any EventLoop, keys: LedgerKeys, logRows: Int, metrics: any MetricsFactory,
        clock: (() -> Timestamp)?, lostRows: @escaping (Int) -> Void
    ) {
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

    func admitted(_ account: Account, _ grant: Grant, under plan: Plan, since departure: NIODeadline) {
        let expires = Hold(grant: grant, under: plan).expires
        let stay = TimeAmount.milliseconds(Int64(expires - grant.admittedAt))
        if !watch.admitted(account, expires: expires, expiry: departure + stay) { unwatched.increment() }
    }

    /// Executions may have been admitted: the reply was lost.
    /// - Parameter stay: how long their holds last.
    func mayHaveAdmitted(_ account: Account, stay: TimeAmount, at now: NIODeadline) {
        if !watch.admitted(account, expires: nil, expiry: now + stay) { unwatched.increment() }
    }

    func settled(_ account: Account, _ grant: Grant, under plan: Plan) {
        watch.settled(account, expires: Hold(grant: grant, under: plan).expires)
    }

    /// Goes on until ``stop()``.
    func start(over link: RedisLink) {
        let pause = due.isEmpty ? HoldSweeper.rest : HoldSweeper.step
        timer = eventLoop.assumeIsolated().scheduleTask(in: pause) { [weak self, weak link] in
            guard let self, let link else { return }
            step(at: eventLoop.now, over: link)
            start(over: link)
        }
    }

    func stop() {
        timer?.cancel()
        timer = nil
    }

    /// Looks what is due, and sends some calls about it.
    func step(at now: NIODeadline, over link: RedisLink) {
        self.link = link
        for one in watch.takeDue(at: now) { queue(one) }
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

    private func queue(_ one: HoldWatch.Due) {
        due.append(one)
        dueHolds += one.holds
    }

    /// Sends calls while this step has holds left and the server is not busy with others.
    private func sendSome() {
        while quota > 0, callsUnderWay < HoldSweeper.maximumCalls, let link, let first = due.popFirst() {
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
            sweep(some, over: link)
        }
    }

    /// Has the expired holds of some accounts logged and removed.
    private func sweep(_ some: [HoldWatch.Due], over link: RedisLink) {
        callsUnderWay += 1
        let ear = Ear { [weak self] reply in self?.hear(reply, about: some) }
        link.send(argumentCount: 3 + some.count + 3 + some.count, to: ear) { writer in
            writer.append(digest == nil ? "EVAL" : "EVALSHA")
            writer.append(digest ?? LedgerScript.sweep)
            writer.append(some.count)
            for one in some { keys.append(pageOf: one.account, to: &writer) }
            if let clock { writer.append(clock().ms) } else { writer.append("") }
            writer.append(logRows)
            writer.append("0")
            for one in some { writer.append(one.cursor) }
        }
    }

    private func hear(_ reply: Result<RedisReply, RedisFailure>, about some: [HoldWatch.Due]) {
        callsUnderWay -= 1
        defer { sendSome() }
        let now = eventLoop.now
        if case .success(let reply) = reply, let swept = Swept(reply, accounts: some.count) {
            if swept.lostRows > 0 { lostRows(swept.lostRows) }
            if !swept.isRefused {
                for (one, page) in zip(some, swept.pages) { goOn(with: one, page, at: now, swept.clock) }
                return
            }
        }
        if case .success(.error(let text)) = reply, text.hasPrefix("NOSCRIPT") { digest = nil }
        tryAgain(some, at: now)
    }

    /// Queues the rest of an account's page, and what the server's clock does not take for expired.
    private func goOn(
        with one: HoldWatch.Due, _ page: Swept.Page, at now: NIODeadline, _ clock: Timestamp
    ) {
        var one = one
        one.cursor = page.cursor
        one.holds = max(1, one.holds - page.expired)
        if page.cursor != "0" { return queue(one) }
        let early = one.expires - clock
        guard early > 0 else { return }
        let isWatched = watch.admitted(
            one.account, holds: one.holds, expires: one.expires,
            expiry: now + .milliseconds(Int64(early)))
        if !isWatched { unwatched.increment(by: Int64(one.holds)) }
    }

    /// Repeating is safe: what is gone is not found again.
    private func tryAgain(_ some: [HoldWatch.Due], at now: NIODeadline) {
        for one in some {
            if now - one.since < HoldSweeper.perseverance {
                failed.append(one)
            } else {
                abandoned.increment(by: Int64(one.holds))
            }
        }
        retryAt = now + HoldSweeper.retryPause
    }

    /// Has the server keep the script.
    func load(over link: RedisLink) {
        let ear = Ear { [weak self] reply in
            if case .success(.bulk(let digest)) = reply { self?.digest = digest }
        }
        link.send(argumentCount: 3, to: ear) { writer in
            writer.append("SCRIPT")
            writer.append("LOAD")
            writer.append(LedgerScript.sweep)
        }
    }
}
