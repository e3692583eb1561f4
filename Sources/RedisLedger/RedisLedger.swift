// The ledger on Redis: gathers the questions of one tick of the event loop by account, sends those
// of some accounts as one call of the script and all calls as one write, and turns what comes back,
// or does not, into answers.

public import Accounting
public import Logging
public import Metrics
public import NIOCore
public import Redis

/// The ledger that any number of Stint processes share through one Redis. One instance per event
/// loop, used on it only.
///
/// Every question is answered within the command deadline of the link, whatever the server does;
/// within two, when the server had forgotten the script.
public final class RedisLedger: Ledger {
    private let eventLoop: any EventLoop
    let keys: LedgerKeys
    private let logger: Logger
    private let clock: (() -> Timestamp)?
    private let latency: Metrics.Timer
    private let combined: Recorder
    private let clockSteps: Counter
    private let refusals: RefusalCount
    private let rowsLost: Counter
    private let events: LedgerEvents
    /// Whom the server takes us for, as people call it.
    let user: String
    /// Here and not where it is sent: putting it together takes a while, which would count against
    /// the first deadline.
    private let script: ByteBuffer
    /// How many rows an account's log keeps; 0: there is no log.
    private let logRows: Int
    private let sweeper: HoldSweeper
    /// The bound on accounts that are new; nil: there is none.
    let newAccounts: NewAccounts?

    private var link: RedisLink?
    /// The script's digest as the server says it. Until it was loaded once, calls carry the
    /// script's text.
    private var digest: String?
    /// The same of the script that probes.
    private(set) var probeDigest: String?
    /// 1 until the server has said that it is no cluster's: there, accounts live on different
    /// servers.
    private var accountsPerCall = 1
    /// The calls that gather questions in this tick, in the order of their first question.
    private var gathering: [LedgerCall] = []
    /// Where an account's questions are gathered last: in which call, and at which place in it.
    private var gatheringPlace: [Account: (call: Int, place: Int)] = [:]

    var keepsLog: Bool { logRows > 0 }

    /// - Parameters:
    ///   - logRows: how many rows the log of an account keeps, about; 0 keeps no log.
    ///   - newAccounts: nil takes any number.
    ///   - events: what others want to hear, on the event loop.
    ///   - clock: nil, except in tests: the server's own clock is used.
    public init(
        eventLoop: any EventLoop, redis: RedisSettings, keys: LedgerKeys, logger: Logger,
        metrics: any MetricsFactory, logRows: Int = 0, newAccounts: NewAccounts? = nil,
        events: LedgerEvents = LedgerEvents(),
        clock: (() -> Timestamp)? = nil
    ) {
        self.newAccounts = newAccounts
        self.logRows = logRows
        script = LedgerScript.text(logRows: logRows)
        self.eventLoop = eventLoop
        self.keys = keys
        self.logger = logger
        self.clock = clock
        latency = Timer(label: "stint_ledger_seconds", factory: metrics)
        combined = Recorder(label: "stint_combined_asks", factory: metrics)
        clockSteps = Counter(label: "stint_clock_steps_total", factory: metrics)
        clockSteps.increment(by: 0)
        refusals = RefusalCount(metrics)
        rowsLost = Counter(label: "stint_log_rows_lost_total", factory: metrics)
        rowsLost.increment(by: 0)
        self.events = events
        user = redis.url.user ?? "default"
        let rowsLost = rowsLost
        sweeper = HoldSweeper(
            eventLoop: eventLoop, keys: keys, logRows: logRows, metrics: metrics, clock: clock,
            lostRows: { count in
                rowsLost.increment(by: Int64(count))
                events.lostRows()
            })
        link = RedisLink(eventLoop: eventLoop, settings: redis, logger: logger, metrics: metrics) {
            [weak self] link in
            self?.loadScripts()
            self?.sweeper.load(over: link)
            self?.askForPolicy()
            self?.askForCluster()
            events.connected()
        }
    }

    /// Begins to connect, and keeps at it until `close()`.
    public func start() {
        link?.start()
        if let link { sweeper.start(over: link) }
    }

    @discardableResult
    public func close() -> EventLoopFuture<Void> {
        depart()
        sweeper.stop()
        return link?.close() ?? eventLoop.makeSucceededVoidFuture()
    }

    /// Whether questions reach the server now.
    public var isReady: Bool { link?.isReady == true }

    public func put(_ question: Question, about account: Account, under plan: Plan, to sink: any AnswerSink) {
        if gathering.isEmpty {
            eventLoop.assumeIsolated().execute { self.depart() }
        }
        if let (index, place) = gatheringPlace[account], gathering[index].hasRoom(for: plan),
            gathering[index].isUnder(plan, at: place)
        {
            gathering[index].append(question, at: place, from: sink)
            return
        }
        let call: LedgerCall
        if let last = gathering.last, last.accountCount < accountsPerCall, last.hasRoom(for: plan) {
            call = last
        } else {
            call = LedgerCall(ledger: self)
            gathering.append(call)
        }
        let place = call.open(account, under: plan)
        call.append(question, at: place, from: sink)
        gatheringPlace[account] = (gathering.count - 1, place)
    }

    /// Sends what was gathered: all calls in one write.
    private func depart() {
        guard !gathering.isEmpty else { return }
        let calls = gathering
        gathering.removeAll(keepingCapacity: true)
        gatheringPlace.removeAll(keepingCapacity: true)
        let now = eventLoop.now
        for call in calls {
            combined.record(call.questionCount)
            call.departure = now
            send(call)
        }
        link?.flush()
    }

    private func send(_ call: LedgerCall) {
        guard let link else { return call.fail(.notApplied("the ledger is not connected yet")) }
        link.send(argumentCount: call.argumentCount, to: call) { writer in
            if let digest, !call.wentWithText {
                writer.append("EVALSHA")
                writer.append(digest)
            } else {
                call.wentWithText = true
                writer.append("EVAL")
                writer.append(script)
            }
            call.write(
                to: &writer, keys: keys, clock: clock?(), refusesNew: newAccounts.map { !$0.hasRoom } ?? false
            )
        }
    }

    func receive(_ reply: Result<RedisReply, RedisFailure>, to call: LedgerCall) {
        switch reply {
        case .success(.bulk(let bytes)):
            latency.recordNanoseconds((eventLoop.now - call.departure).nanoseconds)
            if !call.answer(from: bytes) { refuse(call, "bytes that the script does not return") }
        case .success(.error(let text)) where text.hasPrefix("NOSCRIPT") && !call.wentWithText:
            call.wentWithText = true
            send(call)
        case .success(.error(let text)):
            let said = ErrorReply(text)
            if said.isRefusal {
                refusals.count(said)
                events.refused(said)
            }
            call.fail(LedgerError(said, toAccounts: call.accountCount))
        case .success: refuse(call, "a reply of another type than the script's")
        case .failure(.notSent(let reason)): call.fail(.notApplied(reason))
        case .failure(.lost(let reason)): call.fail(.outcomeUnknown(reason))
        }
    }

    /// Hears for how many accounts a call met that the server's clock was set back, so far that a
    /// window began anew.
    func noteClockSteps(_ count: Int) {
        guard count > 0 else { return }
        clockSteps.increment(by: count)
        logger.debug("the clock of Redis was set back", metadata: ["accounts": "\(count)"])
    }

    /// Why nothing was done about an account: it is new, or its page is damaged.
    func refusal(isOfNew: Bool) -> LedgerError {
        if isOfNew, let newAccounts { return newAccounts.refusal }
        return .notApplied("the account's page in Redis holds something else")
    }

    private func refuse(_ call: LedgerCall, _ what: String) {
        logger.warning("the ledger's server answered something else", metadata: ["answer": "\(what)"])
        call.fail(.outcomeUnknown("the server answered with \(what)"))
    }

    /// Rows of logs could not be written; what they were about counts all the same.
    func lostRows(_ count: Int) {
        rowsLost.increment(by: Int64(count))
        events.lostRows()
    }

    // MARK: Holds that nobody settles

    /// Hears every answer that a call got.
    /// - Parameter departure: when the call left; it was answered after that.
    func watch(_ verdict: Verdict, about account: Account, under plan: Plan, since departure: NIODeadline) {
        switch verdict {
        case .admitted(let grant), .held(let grant):
            sweeper.admitted(account, grant, under: plan, since: departure)
        case .settled(let receipt): sweeper.settled(account, receipt.grant, under: plan)
        case .denied, .notHeld, .peeked: break
        }
    }

    /// An execution may have been admitted by a call whose reply was lost, now at the latest.
    func watchLost(_ ask: Ask, about account: Account, under plan: Plan) {
        let grant = Grant(admittedAt: Timestamp(ms: 0), durationMs: ask.durationMs)
        let stay = TimeAmount.milliseconds(Int64(Hold(grant: grant, under: plan).expires.ms))
        sweeper.mayHaveAdmitted(account, stay: stay, at: eventLoop.now)
    }

    func loadScripts() {
        load(script) { $0.digest = $1 }
        load(LedgerScript.probe) { $0.probeDigest = $1 }
    }

    /// - Parameter keep: keeps the script's digest.
    private func load(_ script: ByteBuffer, keep: @escaping (RedisLedger, String) -> Void) {
        let ear = Ear { [weak self] reply in
            guard let self else { return }
            switch reply {
            case .success(.bulk(let bytes)): keep(self, String(buffer: bytes))
            case .success(.status(let text)): keep(self, text)
            case .success(let other):
                logger.warning(
                    "the server does not take the ledger's script", metadata: ["reply": "\(other)"])
            case .failure(let failure):
                logger.debug("the ledger's script was not loaded", metadata: ["reason": "\(failure)"])
            }
        }
        send(argumentCount: 3, to: ear) { writer in
            writer.append("SCRIPT")
            writer.append("LOAD")
            writer.append(script)
        }
    }

    /// Sends a command that is no call.
    func send(argumentCount: Int, to ear: Ear, _ write: (inout CommandWriter) -> Void) {
        guard let link else { return ear.receive(.failure(.notSent("the ledger is not connected yet"))) }
        link.send(argumentCount: argumentCount, to: ear, write)
    }

    /// Every key of the ledger has a time to live, so any eviction may forget charges.
    private func askForPolicy() {
        askForInfo("memory", "maxmemory_policy") { [weak self] policy in
            guard policy != "noeviction" else { return }
            self?.logger.warning(
                "this Redis may evict charges, which are then forgotten. Set maxmemory-policy noeviction",
                metadata: ["maxmemory-policy": "\(policy)"])
        }
    }

    private func askForCluster() {
        accountsPerCall = 1
        sweeper.accountsPerCall = 1
        askForInfo("cluster", "cluster_enabled") { [weak self] enabled in
            guard enabled == "0" else { return }
            self?.accountsPerCall = LedgerCall.maximumAccounts
            self?.sweeper.accountsPerCall = HoldSweeper.maximumAccounts
        }
    }

    /// - Parameter hear: gets what the server says of itself under `name`; nothing when it does not
    ///   say.
    private func askForInfo(_ section: String, _ name: String, _ hear: @escaping (Substring) -> Void) {
        let ear = Ear { reply in
            guard case .success(.bulk(let bytes)) = reply else { return }
            let lines = String(buffer: bytes).split(whereSeparator: \.isNewline)
            let line = lines.first { $0.hasPrefix("\(name):") }
            if let value = line?.dropFirst(name.utf8.count + 1) { hear(value) }
        }
        link?.send(argumentCount: 2, to: ear) { writer in
            writer.append("INFO")
            writer.append(section)
        }
    }
}

/// Hears one reply.
final class Ear: ReplySink {
    private let hear: (Result<RedisReply, RedisFailure>) -> Void

    init(_ hear: @escaping (Result<RedisReply, RedisFailure>) -> Void) { self.hear = hear }

    func receive(_ reply: Result<RedisReply, RedisFailure>) { hear(reply) }
}

extension LedgerError {
    /// The script reads all that it might trip over before its first write, and renews a page's
    /// time to live before it changes the page; so a right that is missing is noticed before
    /// anything was written, except of an account whose turn came before in the same call.
    init(_ said: ErrorReply, toAccounts accounts: Int) {
        let mayHaveWritten = said.isFromScript && said.code == "NOPERM" && accounts > 1
        self =
            said.isRefusal && !mayHaveWritten
            ? .notApplied("Redis refuses: \(said.text)") : .outcomeUnknown("the script failed: \(said.text)")
    }
}
