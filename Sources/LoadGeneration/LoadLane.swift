// One event loop's share of a load: its connections, its part of the schedule, its counts. Everything here happens on
// that loop, so nothing is locked. What a question is and what its answer means is in `LoadLane+answers.swift`.

import NIOCore
import WireFormat

/// Where all lanes count their time from, and what the day's clock said then.
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

    enum Phase {
        /// Connections are made, and each target is asked once.
        case opening
        /// All of them stand.
        case ready
        case running
        /// Nothing is due any more; what was is waited for.
        case draining
        case over
    }

    struct Slot {
        var target: LoadTarget
        /// nil while there is none.
        var connection: LoadConnection?
        /// Attempts since the last reply.
        var attempts = 0
    }

    let settings: LoadSettings
    let epoch: Epoch
    let eventLoop: any EventLoop
    let connect: Connect
    let history: HistoryWriter?
    var slots: [Slot]
    var phase = Phase.opening
    var writer: RequestWriter
    var workload: Workload
    var tally = LoadTally()
    var lines: [HistoryLine] = []
    /// Executions that were asked for.
    var executions = 0
    /// Requests that are on their way.
    var inFlight = 0
    /// The schedule of an open loop.
    var schedule: Schedule?
    /// When requests were due that wait for a connection.
    var waiting = CircularBuffer<Int>()
    /// Settlements whose connection ended with the admission's reply.
    var unsettled = CircularBuffer<Question>()
    /// Open connections without a request, longest idle first.
    var idle = CircularBuffer<LoadConnection>()
    // ns since the epoch.
    var start = 0
    var measuredFrom = 0
    var end = Int.max
    var lastAnswer = 0
    let opened: EventLoopPromise<Void>
    let ended: EventLoopPromise<Void>

    /// - Parameters:
    ///   - lane: 0 to `lanes` - 1.
    ///   - idPrefix: of executions' ids, unlike that of any other run or lane.
    init(
        _ settings: LoadSettings, lane: Int, lanes: Int, epoch: Epoch, idPrefix: String,
        eventLoop: any EventLoop,
        history: HistoryWriter?, connect: @escaping Connect
    ) {
        self.settings = settings
        self.epoch = epoch
        self.eventLoop = eventLoop
        self.history = history
        self.connect = connect
        slots = stride(from: lane, to: settings.connections, by: lanes).map {
            Slot(target: settings.targets[$0 % settings.targets.count])
        }
        writer = RequestWriter(ask: settings.ask, idPrefix: idPrefix)
        workload = Workload(
            accounts: settings.accounts, skew: settings.skew, durations: settings.durations,
            seed: settings.seed,
            lane: lane)
        if case .open(let perSecond) = settings.pace {
            schedule = Schedule(perSecond: perSecond, lane: lane, lanes: lanes)
        }
        opened = eventLoop.makePromise()
        ended = eventLoop.makePromise()
    }

    /// ns since the epoch.
    var now: Int { Int((eventLoop.now - epoch.deadline).nanoseconds) }

    // MARK: From the beginning to the end

    /// Makes all connections and asks each target once. The future fails with a ``LoadError``.
    func open() -> EventLoopFuture<Void> {
        for slot in slots.indices { dial(slot) }
        at(now + settings.timeoutMs * 1_000_000) { lane in
            lane.refuse(lane.settings.targets[0], "no answer in \(lane.settings.timeoutMs) ms")
        }
        return opened.futureResult
    }

    /// Begins to ask; the future succeeds when all was answered or given up.
    func run(from start: Int) -> EventLoopFuture<Void> {
        self.start = start
        measuredFrom = start + settings.warmUpMs * 1_000_000
        end = measuredFrom + settings.durationMs * 1_000_000
        phase = .running
        at(end) { $0.drain(within: $0.settings.timeoutMs) }
        sweep()
        tick()
        let now = now
        for slot in slots.indices where slots[slot].connection?.question == nil {
            if let connection = slots[slot].connection { serve(connection, now) }
        }
        return ended.futureResult
    }

    /// Asks nothing more, and ends soon.
    func stop() {
        guard phase == .running else { return }
        end = now
        drain(within: min(settings.timeoutMs, 1_000))
    }

    /// - Parameter ms: how long answers are waited for.
    private func drain(within ms: Int) {
        guard phase == .running else { return }
        takeDue(now)
        phase = .draining
        at(now + ms * 1_000_000) { $0.giveUp() }
        endIfDone()
    }

    func endIfDone() {
        if phase == .draining, inFlight == 0, waiting.isEmpty, unsettled.isEmpty { finish() }
    }

    private func giveUp() {
        guard phase == .draining else { return }
        tally.notSent += waiting.count { $0 >= measuredFrom } + unsettled.count { $0.isMeasured }
        waiting.removeAll()
        unsettled.removeAll()
        for slot in slots { if slot.connection?.question != nil { slot.connection?.close(.timeout) } }
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

    /// Does something at a time, ns since the epoch, unless the lane has ended.
    private func at(_ ns: Int, _ work: @escaping (LoadLane) -> Void) {
        let deadline = epoch.deadline + .nanoseconds(Int64(ns))
        eventLoop.assumeIsolated().scheduleTask(deadline: deadline) { [self] in
            if phase != .over { work(self) }
        }
    }

    // MARK: The schedule

    /// Sends what is due, and comes back when the next is.
    private func tick() {
        guard let schedule, phase == .running else { return }
        let now = now
        takeDue(now)
        employIdle(now)
        let next = start + (self.schedule ?? schedule).next
        if next < end { at(next) { $0.tick() } }
    }

    /// Gives what waits to those who have nothing to do.
    func employIdle(_ now: Int) {
        while !waiting.isEmpty || !unsettled.isEmpty, let connection = idle.popFirst() {
            serve(connection, now)
        }
    }

    /// Lines up what has become due; what finds the line full is not sent.
    func takeDue(_ now: Int) {
        guard var schedule else { return }
        while true {
            let due = start + schedule.next
            guard due <= now, due < end else { break }
            schedule.advance()
            if waiting.count < settings.maximumWaiting {
                waiting.append(due)
            } else if due >= measuredFrom {
                tally.notSent += 1
            }
        }
        self.schedule = schedule
    }

    // MARK: Connections

    private func dial(_ slot: Int) {
        let connection = LoadConnection(slot: slot, target: slots[slot].target, lane: self)
        slots[slot].attempts += 1
        connect(slots[slot].target, connection).assumeIsolated().whenFailure { [self] error in
            guard phase != .opening else { return refuse(slots[slot].target, "\(error)") }
            tally.count(.connectFailed)
            redial(slot)
        }
    }

    /// At once the first time after a reply, then with pauses of 10 ms that double up to 1 s.
    private func redial(_ slot: Int) {
        guard phase != .over else { return }
        let attempts = slots[slot].attempts
        guard attempts > 0 else { return dialAnew(slot) }
        let pauseMs = min(10 << min(attempts - 1, 7), 1_000)
        at(now + pauseMs * 1_000_000) { $0.dialAnew(slot) }
    }

    private func dialAnew(_ slot: Int) {
        tally.reconnections += 1
        dial(slot)
    }

    /// A connection stands.
    func connected(_ connection: LoadConnection) {
        guard phase != .over else { return connection.close() }
        slots[connection.slot].connection = connection
        switch phase {
        case .opening: probeWhenAllStand()
        case .running, .draining: serve(connection, now)
        case .ready, .over: break
        }
    }

    /// A connection has ended, and its request was told about.
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

    /// Requests that got no reply in time are given up; looked for 20 times within that time.
    private func sweep() {
        let limit = settings.timeoutMs * 1_000_000
        let now = now
        for slot in slots {
            if let connection = slot.connection, let question = connection.question,
                question.sent + limit <= now
            {
                connection.close(.timeout)
            }
        }
        at(now + max(limit / 20, 1_000_000)) { $0.sweep() }
    }

    /// The load cannot begin.
    func refuse(_ target: LoadTarget, _ reason: String) {
        guard phase == .opening else { return }
        phase = .over
        opened.fail(
            LoadError(
                "\(target): \(reason). Start a service there, or name another: --target http://HOST:PORT"))
        for slot in slots { slot.connection?.close() }
        ended.succeed()
    }
}
