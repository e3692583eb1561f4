// What a lane asks next, and what it makes of the answers: counts, settlements, lines of a history.

import NIOCore
import WireFormat

extension LoadLane {
    /// Lines of a history that are handed over together.
    static let linesTogether = 256

    // MARK: Questions

    /// A connection has nothing to do: gives it a request, or lets it wait for one.
    func serve(_ connection: LoadConnection, _ now: Int) {
        if let question = next(now) {
            send(question, on: connection, now)
        } else {
            idle.append(connection)
        }
    }

    private func next(_ now: Int) -> Question? {
        if let settlement = unsettled.popFirst() { return settlement }
        if case .closed = settings.pace { return phase == .running && now < end ? drawn(due: now) : nil }
        takeDue(now)
        return waiting.popFirst()
    }

    func send(_ question: Question, on connection: LoadConnection, _ now: Int) {
        var question = question
        question.sent = now
        inFlight += 1
        if question.step == .settle { replay?.settle(question) }
        connection.send(question, writer.bytes(of: question, hostField: connection.hostField))
    }

    // MARK: Answers

    /// A request was answered or has failed; it is the connection's no longer.
    func finished(_ connection: LoadConnection, _ question: Question, _ outcome: Outcome) {
        let now = now
        inFlight -= 1
        if case .replied = outcome { slots[connection.slot].attempts = 0 }
        var settlement: Question?
        switch question.step {
        case .peek: return probed(connection, question, outcome, now)
        case .admit: settlement = admitted(question, outcome, now)
        case .settle: settled(question, outcome, now)
        }
        if let settlement, connection.isOpen {
            send(settlement, on: connection, now)
        } else {
            if let settlement { unsettled.append(settlement) }
            if connection.isOpen { serve(connection, now) } else { employIdle(now) }
        }
        endIfDone()
    }

    /// - Returns: the settlement, when the execution was admitted and is to be settled at once.
    private func admitted(_ question: Question, _ outcome: Outcome, _ now: Int) -> Question? {
        guard case .replied(let reply) = outcome else {
            record(question, now) { .admit($0.admission(question), nil) }
            fail(question, outcome, now)
            return nil
        }
        let isAdmitted = reply.status == 200 || reply.status == 201
        let isOfUse = isAdmitted || history != nil || replay != nil
        let read: WireReply<AdmittedBody>? = isOfUse ? Self.read(reply) : nil
        record(question, now) { .admit($0.admission(question), read) }
        guard isAdmitted else {
            guard reply.status == 429 else {
                fail(question, .failed(.status(reply.status)), now)
                return nil
            }
            count(question, now) { $0.denied += 1 }
            replay?.deny(question, read?.problem)
            return nil
        }
        guard let body = read?.accepted else {
            fail(question, .failed(.unreadableReply), now)
            return nil
        }
        count(question, now) { tally in
            tally.admitted += 1
            if body.degraded { tally.degraded += 1 }
        }
        // What was admitted without the ledger is not held, so there is nothing to settle.
        guard !settings.admitsOnly, !body.degraded else { return nil }
        return settlement(of: question, body, now)
    }

    /// - Returns: nil when the execution takes its time first.
    private func settlement(of question: Question, _ body: AdmittedBody, _ now: Int) -> Question? {
        var settlement = question
        settlement.step = .settle
        settlement.due = now
        settlement.grantedMs = body.grantedMs
        settlement.admittedAt = (body.deadline ?? 0) - body.grantedMs
        // A runner stops an execution when its grant ends.
        settlement.durationMs = min(question.durationMs, body.grantedMs)
        guard replay != nil else { return settlement }
        settlement.isStopped = question.durationMs > body.grantedMs
        replay?.admit(settlement)
        if isStopped { settlement.durationMs = 0 }
        guard settlement.durationMs > 0 else { return settlement }
        start(settlement, now)
        return nil
    }

    private func settled(_ question: Question, _ outcome: Outcome, _ now: Int) {
        guard case .replied(let reply) = outcome else {
            record(question, now) { .settle(id: $0.id(of: question), $0.settlement(question), nil) }
            fail(question, outcome, now)
            return
        }
        let read: WireReply<SettledBody>? = history != nil ? Self.read(reply) : nil
        record(question, now) { .settle(id: $0.id(of: question), $0.settlement(question), read) }
        if reply.status == 200 {
            count(question, now) { $0.settled += 1 }
        } else {
            fail(question, .failed(.status(reply.status)), now)
        }
    }

    private func count(_ question: Question, _ now: Int, _ change: (inout LoadTally) -> Void) {
        guard question.isMeasured else {
            tally.warmUpAnswered += 1
            return
        }
        change(&tally)
        measure(question, now)
    }

    /// Everything that was replied to has a latency, and what nobody replied to in time has at
    /// least that long.
    private func fail(_ question: Question, _ outcome: Outcome, _ now: Int) {
        guard case .failed(let failure) = outcome else { return }
        tally.count(failure)
        if question.isMeasured, failure != .connectionLost { measure(question, now) }
    }

    private func measure(_ question: Question, _ now: Int) {
        lastAnswer = max(lastAnswer, now)
        if question.step == .admit {
            tally.admissionLatency.record(ns: now - question.due)
        } else {
            tally.settlementLatency.record(ns: now - question.due)
        }
    }

    /// - Returns: nil when it is no reply of a Stint.
    private static func read<Body>(_ reply: ReplyFraming.Reply) -> WireReply<Body>? {
        do throws(BodyError) {
            return try WireReply(status: reply.status, json: reply.body.readableBytesView)
        } catch {
            return nil
        }
    }

    // MARK: The first question

    /// When every connection stands, one to each target asks it something.
    func probeWhenAllStand() {
        guard slots.allSatisfy({ $0.connection != nil }) else { return }
        var asked: Set<LoadTarget> = []
        for slot in slots where asked.insert(slot.target).inserted {
            guard let connection = slot.connection else { continue }
            let question = Question(
                step: .peek, account: 0, number: 0, durationMs: 0, due: now, isMeasured: false)
            send(question, on: connection, now)
        }
    }

    private func probed(_ connection: LoadConnection, _ question: Question, _ outcome: Outcome, _ now: Int) {
        let target = slots[connection.slot].target
        switch outcome {
        case .failed(let failure): refuse(target, "it does not answer as a Stint does (\(failure))")
        case .replied(let reply):
            let read: WireReply<StandingBody>? = Self.read(reply)
            record(question, now) { _ in .peek(read) }
            guard read?.accepted != nil else {
                return refuse(target, "it does not answer as a Stint does (status \(reply.status))")
            }
            guard inFlight == 0 else { return }
            replay?.hold(against: read?.accepted?.policies ?? [])
            phase = .ready
            opened.succeed()
        }
    }

    // MARK: The history

    private func record(_ question: Question, _ now: Int, _ exchange: (RequestWriter) -> HistoryLine.Exchange)
    {
        guard history != nil else { return }
        lines.append(
            HistoryLine(
                account: writer.accounts[question.account], sentAt: epoch.wallMs(at: question.sent),
                answeredAt: epoch.wallMs(at: now), exchange(writer)))
        if lines.count >= Self.linesTogether { handOverLines() }
    }

    func handOverLines() {
        history?.write(lines)
        lines = []
    }
}
