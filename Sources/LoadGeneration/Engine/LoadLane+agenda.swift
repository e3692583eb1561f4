// What a lane has to do and when: executions that become due, by a rate or by a trace, and in a
// replay the ends of those that run.

import NIOCore
import Traces

extension LoadLane {
    /// Executions of a replay that may run at once; beyond that nothing new is asked for.
    static let mostRunning = 1_000_000

    // MARK: What becomes due

    /// When the next execution is due, ns since the epoch; nil in a closed loop, and when none is
    /// known.
    private var nextDueNs: Int? { (schedule?.next ?? recorded?.next).map { startNs + $0 } }

    /// Sends what is due, and comes back when the next is.
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

    /// Gives what waits to those who have nothing to do.
    func employIdle(_ nowNs: Int) {
        while !waiting.isEmpty || !unsettled.isEmpty, let connection = idle.popFirst() {
            serve(connection, nowNs)
        }
    }

    /// Lines up what has become due; what finds the line full is not sent.
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
            refuse("\(replay.trace): \(batch.problem?.description ?? "it has no rows to replay")")
        case .running where isStarved:
            isStarved = false
            tick()
        default: break
        }
    }

    // MARK: What runs

    /// An execution of a replay was admitted; it will be settled when it ends.
    /// - Parameter settlement: its duration is at most its grant.
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
            // One that ends before may have come since.
            guard lane.nextSettlementNs == endNs else { return }
            lane.nextSettlementNs = .max
            let nowNs = lane.nowNs
            lane.settleEnded(nowNs)
            lane.employIdle(nowNs)
        }
    }

    /// Lines up the settlements of what has ended.
    /// - Parameter andRunning: ends all others too; they have used what they ran until now.
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
