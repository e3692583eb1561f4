// The ledger in Redis. It gathers the questions of one tick of the event loop by account, sends
// those about some accounts as one call of the script and all calls in one write, and turns each
// reply, or its absence, into answers.

public import Accounting
public import Logging
public import Metrics
public import NIOCore
public import Redis

/// The ledger that any number of Stint processes share through one Redis. One instance per event
/// loop, used on that loop only.
///
/// Every question is answered within the command deadline of the link, whatever the server does;
/// within twice that deadline, if the script had to be sent again, the call was redirected, or the
/// connection ended.
public final class RedisLedger: Ledger {
    let eventLoop: any EventLoop
    let topology: Topology
    let scripts: ScriptLoader
    private let facts: ServerFacts
    private let interrupted: InterruptedCalls
    let sweeper: HoldSweeper
    let keys: LedgerKeys
    private let logger: Logger
    private let clock: (() -> Timestamp)?
    private let commandDeadline: TimeAmount
    let acknowledgement: AcknowledgementRule
    private let unacknowledged: Counter
    private let latency: Metrics.Timer
    private let combined: Recorder
    private let clockSteps: Counter
    private let refusals: RefusalCount
    private let rowsLost: Counter
    private let events: LedgerEvents
    /// The ACL user of this connection, for messages.
    let user: String
    /// Whether executions are logged.
    let keepsLog: Bool
    /// The bound on new accounts; nil: there is none.
    let newAccounts: NewAccounts?

    /// The calls that gather questions in this tick, in the order of their first question.
    private var gathering: [LedgerCall] = []
    /// Where an account's questions are being gathered: the call, and the place in it.
    private var gatheringPlace: [Account: (call: Int, place: Int)] = [:]

    /// - Parameters:
    ///   - logRows: about how many rows the log of an account keeps; 0: no log.
    ///   - newAccounts: the bound on new accounts; nil: none.
    ///   - events: callbacks, run on the event loop.
    ///   - clock: nil, except in tests: the server's own clock is used.
    public init(
        eventLoop: any EventLoop, redis: RedisSettings, keys: LedgerKeys, logger: Logger,
        metrics: any MetricsFactory, logRows: Int = 0, newAccounts: NewAccounts? = nil,
        events: LedgerEvents = LedgerEvents(),
        clock: (() -> Timestamp)? = nil
    ) {
        self.newAccounts = newAccounts
        self.eventLoop = eventLoop
        self.keys = keys
        self.logger = logger
        self.clock = clock
        self.events = events
        keepsLog = logRows > 0
        commandDeadline = TimeAmount(redis.commandDeadline)
        acknowledgement = AcknowledgementRule(redis)
        unacknowledged = Counter(label: "stint_unacknowledged_calls_total", factory: metrics)
        unacknowledged.increment(by: 0)
        latency = Timer(label: "stint_ledger_seconds", factory: metrics)
        combined = Recorder(label: "stint_combined_asks", factory: metrics)
        clockSteps = Counter(label: "stint_clock_steps_total", factory: metrics)
        clockSteps.increment(by: 0)
        refusals = RefusalCount(metrics)
        let rowsLost = Counter(label: "stint_log_rows_lost_total", factory: metrics)
        rowsLost.increment(by: 0)
        self.rowsLost = rowsLost
        user = redis.url.user ?? "default"
        let scripts = ScriptLoader(
            logRows: logRows, isAcknowledged: redis.acknowledgingReplicas > 0, logger: logger)
        let facts = ServerFacts(logger: logger)
        let interrupted = InterruptedCalls(eventLoop: eventLoop, commandDeadline: commandDeadline)
        (self.scripts, self.facts, self.interrupted) = (scripts, facts, interrupted)
        topology = Topology(eventLoop: eventLoop, settings: redis, logger: logger, metrics: metrics) { link in
            scripts.load(over: link)
            facts.ask(over: link)
            interrupted.sendAgain { $0.ledger.sendAgain($0) }
            events.connected()
        }
        sweeper = HoldSweeper(
            eventLoop: eventLoop, topology: topology, script: scripts.sweep, facts: facts, keys: keys,
            logRows: logRows, metrics: metrics, clock: clock,
            lostRows: { count in
                rowsLost.increment(by: Int64(count))
                events.lostRows()
            })
    }

    /// Starts to connect, and keeps connecting until `close()`.
    public func start() {
        topology.start()
        sweeper.start()
    }

    @discardableResult
    public func close() -> EventLoopFuture<Void> {
        depart()
        sweeper.stop()
        interrupted.close()
        return topology.close()
    }

    /// Whether questions reach the server now.
    public var isReady: Bool { topology.isReady }

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

    private var accountsPerCall: Int { facts.hasAllAccounts ? LedgerCall.maximumAccounts : 1 }

    /// Sends all gathered calls in one write.
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
        if acknowledgement.replicas > 0 { requestAcknowledgements(of: calls) }
        topology.flush()
    }

    /// Sends a call once more, by itself.
    private func sendAlone(_ call: LedgerCall, over link: RedisLink? = nil, asking: Bool = false) {
        call.link = nil
        if let link { send(call, over: link, asking: asking) } else { send(call) }
        if acknowledgement.replicas > 0 { requestAcknowledgements(of: [call]) }
        topology.flush()
    }

    private func send(_ call: LedgerCall) {
        switch topology.link(forTag: call.tag) {
        case .success(let link): send(call, over: link)
        case .failure(let failure): receive(.failure(failure), to: call)
        }
    }

    private func send(_ call: LedgerCall, over link: RedisLink, asking: Bool = false) {
        if scripts.decide.digest == nil { call.wentWithText = true }
        call.link = link
        if asking { link.sendAsking() }
        link.send(argumentCount: call.argumentCount, to: call) { writer in
            scripts.decide.append(to: &writer, withText: call.wentWithText)
            call.write(
                to: &writer, keys: keys, clock: clock?(), refusesNew: newAccounts.map { !$0.hasRoom } ?? false
            )
        }
    }

    func receive(_ reply: Result<RedisReply, RedisFailure>, to call: LedgerCall) {
        switch reply {
        case .success(.bulk(let bytes)):
            if let acknowledgement = call.acknowledgement { return acknowledgement.hold(bytes, to: call) }
            answer(call, from: bytes)
        case .success(.error(let text)) where text.hasPrefix("NOSCRIPT") && !call.wentWithText:
            call.wentWithText = true
            sendAlone(call)
        case .success(.error(let text)):
            let error = ErrorReply(text)
            if sendAgain(call, after: error) { return }
            if error.isRefusal {
                refusals.count(error)
                events.refused(error)
            }
            call.fail(LedgerError(error, toAccounts: call.accountCount))
        case .success: reject(call, "a reply of another type than the script's")
        case .failure(.notSent(let reason)): call.fail(.notApplied(reason))
        case .failure(.late(let reason)): call.fail(.outcomeUnknown(reason))
        case .failure(.lost(let reason)):
            if !interrupted.keep(call, because: reason) { call.fail(.outcomeUnknown(reason)) }
        }
    }

    /// Makes the script's reply the answers to the call's questions.
    func answer(_ call: LedgerCall, from bytes: ByteBuffer) {
        latency.recordNanoseconds((eventLoop.now - call.departure).nanoseconds)
        if !call.answer(from: bytes) { reject(call, "bytes that the script does not return") }
    }

    /// Counts calls whose writes too few replicas have.
    func noteUnacknowledged(_ count: Int) { unacknowledged.increment(by: count) }

    /// Sends a call again whose connection ended, if there is a new one.
    private func sendAgain(_ call: LedgerCall) -> Bool {
        guard case .success(let link) = topology.link(forTag: call.tag), link.isReady else { return false }
        sendAlone(call, over: link)
        return true
    }

    /// Sends a call again, if the error says that another server has its keys, or this one has them
    /// soon, and the call is not too old.
    private func sendAgain(_ call: LedgerCall, after error: ErrorReply) -> Bool {
        guard let link = call.link,
            let retry = topology.retry(after: error, from: link, retries: call.retries)
        else { return false }
        let age = eventLoop.now - call.departure
        switch retry {
        case .now(let link, let asking):
            guard age < commandDeadline else { return false }
            call.retries += 1
            sendAlone(call, over: link, asking: asking)
        case .later(let pause):
            guard age + pause < commandDeadline else { return false }
            call.retries += 1
            eventLoop.assumeIsolated().scheduleTask(in: pause) { self.sendAlone(call) }
        }
        return true
    }

    /// Counts the accounts of a call with a window that restarted because the server's clock was
    /// set back.
    func noteClockSteps(_ count: Int) {
        guard count > 0 else { return }
        clockSteps.increment(by: count)
        logger.debug("the clock of Redis was set back", metadata: ["accounts": "\(count)"])
    }

    /// The error for an account that is new, or whose account ledger is damaged.
    func refusal(isOfNew: Bool) -> LedgerError {
        if isOfNew, let newAccounts { return newAccounts.refusal }
        return .damaged
    }

    private func reject(_ call: LedgerCall, _ what: String) {
        logger.warning("the ledger's server sent an invalid reply", metadata: ["answer": "\(what)"])
        call.fail(.outcomeUnknown("the server answered with \(what)"))
    }

    /// Counts rows of logs that could not be written. Their settlements count all the same.
    func lostRows(_ count: Int) {
        rowsLost.increment(by: Int64(count))
        events.lostRows()
    }
}
