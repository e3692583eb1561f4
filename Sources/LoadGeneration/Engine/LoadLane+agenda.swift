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
    private var nextDue: Int? { (schedule?.next ?? recorded?.next).map { start + $0 } }

    /// Sends what is due, and comes back when the next is.
    func tick() {
        guard phase == .running, schedule != nil || recorded != nil else { return }
        let now = now
        takeDue(now)
        employIdle(now)
        if let next = nextDue {
            if next < end { at(next) { $0.tick() } }
        } else if recorded?.isOver == true {
            drain(within: settings.timeoutMs)
        } else {
            isStarved = true
        }
    }

    /// Gives what waits to those who have nothing to do.
    func employIdle(_ now: Int) {
        while !waiting.isEmpty || !unsettled.isEmpty, let connection = idle.popFirst() {
            serve(connection, now)
        }
    }

    /// Lines up what has become due; what finds the line full is not sent.
    func takeDue(_ now: Int) {
        while let due = nextDue, due <= now, due < end {
            let question = take(due: due)
            if question.isMeasured { tally.lateness.record(ns: now - due) }
            if waiting.count < settings.maximumWaiting, running.count < Self.mostRunning {
                waiting.append(question)
            } else if question.isMeasured {
                tally.notSent += 1
            }
        }
    }

    private func take(due: Int) -> Question {
        guard let execution = recorded?.take() else {
            schedule?.advance()
            return drawn(due: due)
        }
        replay?.take(execution)
        readAhead()
        var question = Question(
            step: .admit, account: execution.account, number: nextNumber(),
            durationMs: execution.durationMs ?? 0, due: due, isMeasured: true)
        question.offsetMs = execution.offsetMs
        question.isTimeless = execution.durationMs == nil
        return question
    }

    func drawn(due: Int) -> Question {
        let execution = workload.next()
        return Question(
            step: .admit, account: execution.account, number: nextNumber(),
            durationMs: execution.durationMs, due: due, isMeasured: due >= measuredFrom)
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
    func start(_ settlement: Question, _ now: Int) {
        let end = now + settlement.durationMs * 1_000_000
        running.start(settlement, until: end)
        latestEnd = max(latestEnd, end)
        settleLater()
    }

    private func settleLater() {
        guard let end = running.nextEnd, end < settlesNext else { return }
        settlesNext = end
        at(end) { lane in
            // One that ends before may have come since.
            guard lane.settlesNext == end else { return }
            lane.settlesNext = .max
            let now = lane.now
            lane.settleEnded(now)
            lane.employIdle(now)
        }
    }

    /// Lines up the settlements of what has ended.
    /// - Parameter andRunning: ends all others too; they have used what they ran until now.
    func settleEnded(_ now: Int, andRunning: Bool = false) {
        while let (end, ended) = running.end(by: andRunning ? .max : now) {
            var settlement = ended
            settlement.due = min(end, now)
            if end > now {
                settlement.durationMs -= (end - now) / 1_000_000
                settlement.isStopped = false
            } else {
                tally.lateness.record(ns: now - end)
            }
            unsettled.append(settlement)
        }
        settleLater()
    }
}
