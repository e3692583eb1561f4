// One event loop's share of a load: its connections, its part of the schedule, its counts. All of
// it runs on that loop, so nothing is locked. Requests and answers are in `LoadLane+answers.swift`,
// what is due when in `LoadLane+agenda.swift`.

import NIOCore
import Traces
import WireFormat

/// The zero of all lanes' times, and the time of day then.
struct Epoch: Sendable {
    let deadline: NIODeadline
    /// ns since 1970.
    let wallNs: Int

    /// ms since 1970, rounded down; never steps back.
    func wallMs(at ns: Int) -> Int { (wallNs + ns) / 1_000_000 }
}

final class LoadLane {
    /// Makes a connection's channel with the connection in it.
    typealias Connect = (LoadTarget, LoadConnection) -> EventLoopFuture<Void>
    /// Reads more of a trace and delivers it on the lane's event loop.
    typealias ReadOn = (_ nextRequest: @escaping (TraceBatches.Batch) -> Void) -> Void

    enum Phase {
        /// The trace is opened, connections are made, and each target gets one request.
        case opening
        /// All connections are open.
        case ready
        case running
        /// No new requests are due, and the lane waits for the answers of those that were.
        case draining
        case over
    }

    struct Slot {
        var target: LoadTarget
        /// nil while it is not open.
        var connection: LoadConnection?
        /// Attempts since the last reply.
        var attempts = 0
    }

    let settings: LoadSettings
    let epoch: Epoch
    let eventLoop: any EventLoop
    let connect: Connect
    let history: HistoryWriter?
    let readOn: ReadOn
    var slots: [Slot]
    var phase = Phase.opening
    var writer: RequestWriter
    var workload: Workload
    var tally = LoadTally()
    var lines: [HistoryLine] = []
    /// The number of executions so far.
    var executions = 0
    /// The number of requests in flight.
    var inFlight = 0
    /// The schedule of an open loop.
    var schedule: Schedule?
    /// The executions of a replay.
    var recorded: RecordedTraffic?
    /// The results of a replay.
    var replay: ReplayTally?
    /// Whether the replay waits for the trace to be read.
    var isStarved = false
    /// Admissions that are due and wait for a connection.
    var waiting = CircularBuffer<LoadRequest>()
    /// Settlements of executions that are running, by the ns at which they end.
    var running = RunningExecutions<LoadRequest>()
    /// Settlements that are due and wait for a connection.
    var unsettled = CircularBuffer<LoadRequest>()
    /// Open connections without a request, longest idle first.
    var idle = CircularBuffer<LoadConnection>()
    // ns since the epoch.
    var startNs = 0
    var measuredFromNs = 0
    var endNs = Int.max
    var lastAnswerNs = 0
    /// The latest end of the executions that have begun.
    var latestEndNs = 0
    /// When ended executions are settled next; `Int.max`: never.
    var nextSettlementNs = Int.max
    /// Whether it was stopped before its end.
    var isStopped = false
    let opened: EventLoopPromise<Void>
    let ended: EventLoopPromise<Void>

    /// - Parameters:
    ///   - settings: the load's settings.
    ///   - lane: 0 to `lanes` - 1.
    ///   - lanes: how many there are.
    ///   - epoch: the zero of times.
    ///   - idPrefix: the prefix of executions' ids, different from that of any other run or lane.
    ///   - eventLoop: the lane's.
    ///   - history: gets every exchange.
    ///   - readOn: reads more of the trace.
    ///   - connect: opens a connection.
    init(
        _ settings: LoadSettings, lane: Int, lanes: Int, epoch: Epoch, idPrefix: String,
        eventLoop: any EventLoop,
        history: HistoryWriter?, readOn: @escaping ReadOn, connect: @escaping Connect
    ) {
        self.settings = settings
        self.epoch = epoch
        self.eventLoop = eventLoop
        self.history = history
        self.readOn = readOn
        self.connect = connect
        slots = stride(from: lane, to: settings.connections, by: lanes).map {
            Slot(target: settings.targets[$0 % settings.targets.count])
        }
        writer = RequestWriter(settings, idPrefix: idPrefix)
        workload = Workload(
            accounts: settings.accounts, skew: settings.skew, durations: settings.durations,
            seed: settings.seed,
            lane: lane)
        switch settings.pace {
        case .closed: break
        case .open(let perSecond): schedule = Schedule(perSecond: perSecond, lane: lane, lanes: lanes)
        case .recorded(let replay):
            recorded = RecordedTraffic(replay)
            self.replay = ReplayTally()
        }
        opened = eventLoop.makePromise()
        ended = eventLoop.makePromise()
    }

    /// ns since the epoch.
    var nowNs: Int { Int((eventLoop.now - epoch.deadline).nanoseconds) }

    // MARK: From start to end

    /// Opens the trace, if there is one, makes all connections and sends each target one request.
    /// - Returns: a future that fails with a ``LoadError``.
    func open() -> EventLoopFuture<Void> {
        if recorded == nil { dialAll() } else { readAhead() }
        return opened.futureResult
    }

    func dialAll() {
        for slot in slots.indices { dial(slot) }
        at(nowNs + settings.timeoutMs * 1_000_000) { lane in
            lane.refuse(lane.settings.targets[0], "no answer in \(lane.settings.timeoutMs) ms")
        }
    }

    /// Starts the load.
    /// - Parameter startNs: the start, in ns since the epoch.
    /// - Returns: a future that succeeds when every request was answered or has timed out.
    func run(from startNs: Int) -> EventLoopFuture<Void> {
        self.startNs = startNs
        measuredFromNs = startNs + settings.warmUpMs * 1_000_000
        endNs = measuredFromNs + settings.durationMs * 1_000_000
        phase = .running
        at(endNs) { if $0.phase == .running { $0.drain(within: $0.settings.timeoutMs) } }
        sweep()
        tick()
        let nowNs = nowNs
        for slot in slots.indices where slots[slot].connection?.request == nil {
            if let connection = slots[slot].connection { serve(connection, nowNs) }
        }
        return ended.futureResult
    }

    /// Sends no new admissions, settles the running executions, and ends soon.
    func stop() {
        guard phase == .running || phase == .draining, !isStopped else { return }
        isStopped = true
        endNs = min(endNs, nowNs)
        settleEnded(nowNs, andRunning: true)
        drain(within: min(settings.timeoutMs, 1_000))
        employIdle(nowNs)
    }

    /// Sends no new admissions, and ends when every request is answered.
    /// - Parameter ms: how long to wait for answers once nothing is running.
    func drain(within ms: Int) {
        if phase == .running { enqueueDue(nowNs) }
        phase = .draining
        endNs = min(endNs, nowNs)
        at(nowNs + ms * 1_000_000) { $0.giveUp(within: ms) }
        endIfDone()
    }

    func endIfDone() {
        if phase == .draining, inFlight == 0, waiting.isEmpty, running.count == 0, unsettled.isEmpty {
            finish()
        }
    }

    private func giveUp(within ms: Int) {
        guard phase == .draining else { return }
        tally.notSent += waiting.count { $0.isMeasured }
        waiting.removeAll()
        let last = latestEndNs + ms * 1_000_000
        guard isStopped || last <= nowNs else { return at(last) { $0.giveUp(within: ms) } }
        tally.notSent += unsettled.count { $0.isMeasured }
        unsettled.removeAll()
        for slot in slots { if slot.connection?.request != nil { slot.connection?.close(.timeout) } }
        endIfDone()
    }

    func finish() {
        guard phase != .over else { return }
        phase = .over
        handOverLines()
        for slot in slots { slot.connection?.close() }
        idle.removeAll()
        ended.succeed()
    }

    /// Runs `work` at a time in ns since the epoch, unless the lane has ended.
    func at(_ ns: Int, _ work: @escaping (LoadLane) -> Void) {
        let deadline = epoch.deadline + .nanoseconds(Int64(ns))
        eventLoop.assumeIsolated().scheduleTask(deadline: deadline) { [self] in
            if phase != .over { work(self) }
        }
    }

    // MARK: Connections

    private func dial(_ slot: Int) {
        let connection = LoadConnection(
            slot: slot, target: slots[slot].target, token: settings.token, lane: self)
        slots[slot].attempts += 1
        connect(slots[slot].target, connection).assumeIsolated().whenFailure { [self] error in
            guard phase != .opening else { return refuse(slots[slot].target, "\(error)") }
            tally.count(.connectFailed)
            redial(slot)
        }
    }

    /// Reconnects: at once after a reply, then after pauses of 10 ms that double up to 1 s.
    private func redial(_ slot: Int) {
        guard phase != .over else { return }
        let attempts = slots[slot].attempts
        guard attempts > 0 else { return dialAnew(slot) }
        let pauseMs = min(10 << min(attempts - 1, 7), 1_000)
        at(nowNs + pauseMs * 1_000_000) { $0.dialAnew(slot) }
    }

    private func dialAnew(_ slot: Int) {
        tally.reconnections += 1
        dial(slot)
    }

    /// A connection is open.
    func connected(_ connection: LoadConnection) {
        guard phase != .over else { return connection.close() }
        slots[connection.slot].connection = connection
        switch phase {
        case .opening: probeWhenAllStand()
        case .running, .draining: serve(connection, nowNs)
        case .ready, .over: break
        }
    }

    /// A connection has ended, after it has reported its request.
    func closed(_ connection: LoadConnection) {
        let slot = connection.slot
        guard slots[slot].connection === connection else { return }
        slots[slot].connection = nil
        idle.removeAll { $0 === connection }
        if phase == .opening {
            refuse(slots[slot].target, "it closed the connection")
        } else {
            redial(slot)
            endIfDone()
        }
    }

    /// Closes connections whose request has timed out. Checks 20 times per timeout.
    private func sweep() {
        let limit = settings.timeoutMs * 1_000_000
        let nowNs = nowNs
        for slot in slots {
            if let connection = slot.connection, let request = connection.request,
                request.sentNs + limit <= nowNs
            {
                connection.close(.timeout)
            }
        }
        at(nowNs + max(limit / 20, 1_000_000)) { $0.sweep() }
    }

    /// The load cannot start.
    func refuse(_ target: LoadTarget, _ reason: String) {
        refuse("\(target): \(reason). Start a service there, or type: --target http://HOST:PORT")
    }

    func refuse(_ message: String) {
        guard phase == .opening else { return }
        phase = .over
        opened.fail(LoadError(message))
        for slot in slots { slot.connection?.close() }
        ended.succeed()
    }
}
