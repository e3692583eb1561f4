// What becomes due in a lane, and when: executions, by a rate or by a trace, and in a replay the
// ends of running executions.

import NIOCore
import Traces

extension LoadLane {
    /// The most running executions of a replay. Beyond that no new one is asked for.
    static let mostRunning = 1_000_000

    // MARK: What becomes due

    /// When the next execution is due, in ns since the epoch; nil in a closed loop, or if none is
    /// known.
    private var nextDueNs: Int? { (schedule?.next ?? recorded?.next).map { startNs + $0 } }

    /// Sends the requests that are due, and schedules the next tick.
    func tick() {
        guard phase == .running, schedule != nil || recorded != nil else { return }
        let nowNs = nowNs
        enqueueDue(nowNs)
        employIdle(nowNs)
        if let next = nextDueNs {
            if next < endNs { at(next) { $0.tick() } }
        } else if recorded?.isOver == true {
            drain(within: settings.timeoutMs)
        } else {
            isStarved = true
        }
    }

    /// Gives waiting requests to idle connections.
    func employIdle(_ nowNs: Int) {
        while !waiting.isEmpty || !unsettled.isEmpty, let connection = idle.popFirst() {
            serve(connection, nowNs)
        }
    }

    /// Queues the requests that are due. If the queue is full, they are not sent.
    func enqueueDue(_ nowNs: Int) {
        while let dueNs = nextDueNs, dueNs <= nowNs, dueNs < endNs {
            let request = nextRequest(dueNs: dueNs)
            if request.isMeasured { tally.lateness.record(ns: nowNs - dueNs) }
            if waiting.count < settings.maximumWaiting, running.count < Self.mostRunning {
                waiting.append(request)
            } else if request.isMeasured {
                tally.notSent += 1
            }
        }
    }

    private func nextRequest(dueNs: Int) -> LoadRequest {
        guard let execution = recorded?.dequeue() else {
            schedule?.advance()
            return drawn(dueNs: dueNs)
        }
        replay?.add(execution)
        readAhead()
        var request = LoadRequest(
            step: .admit, account: execution.account, number: nextNumber(),
            durationMs: execution.durationMs ?? 0, dueNs: dueNs, isMeasured: true)
        request.offsetMs = execution.offsetMs
        request.isTimeless = execution.durationMs == nil
        return request
    }

    func drawn(dueNs: Int) -> LoadRequest {
        let execution = workload.next()
        return LoadRequest(
            step: .admit, account: execution.account, number: nextNumber(),
            durationMs: execution.durationMs, dueNs: dueNs, isMeasured: dueNs >= measuredFromNs)
    }

    private func nextNumber() -> Int {
        executions += 1
        return executions
    }

    // MARK: The trace

    func readAhead() {
        guard recorded?.readsOn() == true else { return }
        readOn { [self] in read($0) }
    }

    private func read(_ batch: TraceBatches.Batch) {
        guard phase != .over, case .recorded(let replay) = settings.pace else { return }
        recorded?.add(batch)
        self.replay?.rowsCut += batch.rowsCut * replay.copies
        writer.accounts.add(batch.newAccounts)
        switch phase {
        case .opening:
            guard batch.rows.isEmpty else { return dialAll() }
            refuse("\(replay.trace): \(batch.problem?.description ?? "the trace has no rows")")
        case .running where isStarved:
            isStarved = false
            tick()
        default: break
        }
    }

    // MARK: Running executions

    /// An execution of a replay was admitted. It is settled when it ends.
    /// - Parameters:
    ///   - settlement: its duration is at most its grant.
    ///   - nowNs: the time, in ns since the epoch.
    func start(_ settlement: LoadRequest, _ nowNs: Int) {
        let endNs = nowNs + settlement.durationMs * 1_000_000
        running.start(settlement, until: endNs)
        latestEndNs = max(latestEndNs, endNs)
        settleLater()
    }

    private func settleLater() {
        guard let endNs = running.nextEnd, endNs < nextSettlementNs else { return }
        nextSettlementNs = endNs
        at(endNs) { lane in
            // Since then an execution with an earlier end may have come.
            guard lane.nextSettlementNs == endNs else { return }
            lane.nextSettlementNs = .max
            let nowNs = lane.nowNs
            lane.settleEnded(nowNs)
            lane.employIdle(nowNs)
        }
    }

    /// Queues the settlements of ended executions.
    /// - Parameters:
    ///   - nowNs: the time, in ns since the epoch.
    ///   - andRunning: whether to end all others too. They then settle the time until now.
    func settleEnded(_ nowNs: Int, andRunning: Bool = false) {
        while let (endNs, ended) = running.end(by: andRunning ? .max : nowNs) {
            var settlement = ended
            settlement.dueNs = min(endNs, nowNs)
            if endNs > nowNs {
                settlement.durationMs -= (endNs - nowNs) / 1_000_000
                settlement.isStopped = false
            } else {
                tally.lateness.record(ns: nowNs - endNs)
            }
            unsettled.append(settlement)
        }
        settleLater()
    }
}
