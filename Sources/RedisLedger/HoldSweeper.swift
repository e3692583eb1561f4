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
    /// What is due at once is spread over this time...
    static let spread = TimeAmount.seconds(10)
    /// ... in steps of this, while anything is due.
    static let step = TimeAmount.milliseconds(10)
    /// How often it is looked what is due.
    static let rest = TimeAmount.seconds(1)
    /// Calls that wait for the server at once, at most.
    static let maximumCalls = 32
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

    private var watch = HoldWatch()
    private var due = CircularBuffer<HoldWatch.Due>()
    /// The most that ``due`` was since it was empty: it sets the pace.
    private var peak = 0
    private(set) var failed: [HoldWatch.Due] = []
    private var retryAt = NIODeadline.uptimeNanoseconds(0)
    private var callsUnderWay = 0
    private var timer: Scheduled<Void>?
    /// The script's digest as the server says it; nil: calls carry the text.
    private var digest: ByteBuffer?
    /// 1 where accounts live on different servers.
    var accountsPerCall = 1

    /// - Parameters:
    ///   - logRows: as the ledger has it.
    ///   - metrics: where `stint_expired_holds_lost_total` goes.
    ///   - clock: nil, except in tests.
    init(
        eventLoop: any EventLoop, keys: LedgerKeys, logRows: Int, metrics: any MetricsFactory,
        clock: (() -> Timestamp)?
    ) {
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

    func settled(_ account: Account, _ grant: Grant, under plan: Plan) {
        watch.settled(account, expires: Hold(grant: grant, under: plan).expires)
    }

    /// Goes on until ``stop()``.
    func start(over link: RedisLink) {
        let pause = due.isEmpty ? HoldSweeper.rest : HoldSweeper.step
        timer = eventLoop.assumeIsolated().scheduleTask(in: pause) { [weak self, weak link] in
            guard let self, let link else { return }
            step(at: .now(), over: link)
            start(over: link)
        }
    }

    func stop() {
        timer?.cancel()
        timer = nil
    }

    /// Looks what is due, and sends some calls about it.
    func step(at now: NIODeadline, over link: RedisLink) {
        due.append(contentsOf: watch.takeDue(at: now))
        if retryAt <= now {
            due.append(contentsOf: failed)
            failed = []
        }
        peak = due.isEmpty ? 0 : max(peak, due.count)
        let steps = Int(HoldSweeper.spread.nanoseconds / HoldSweeper.step.nanoseconds)
        var quota = max(HoldSweeper.maximumAccounts, (peak + steps - 1) / steps)
        while quota > 0, !due.isEmpty, callsUnderWay < HoldSweeper.maximumCalls {
            let some = Array(due.prefix(min(accountsPerCall, quota)))
            due.removeFirst(some.count)
            quota -= some.count
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
        if case .success(.array(let told)) = reply, told.count == some.count {
            for (one, told) in zip(some, told) {
                guard case .array(let parts) = told, case .bulk(let cursor)? = parts.first else { continue }
                var one = one
                one.cursor = String(buffer: cursor)
                if one.cursor != "0" { due.append(one) }
            }
            return
        }
        if case .success(.error(let text)) = reply, text.hasPrefix("NOSCRIPT") { digest = nil }
        // Repeating is safe: what is gone is not found again.
        let now = NIODeadline.now()
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
