// What a lane asks next, and how it handles the answers: counts, settlements, lines of a history.

import NIOCore
import WireFormat

extension LoadLane {
    /// The lines of a history in one write.
    static let linesTogether = 256

    // MARK: Questions

    /// Gives an idle connection a request, or lets it wait for one.
    func serve(_ connection: LoadConnection, _ nowNs: Int) {
        if let request = next(nowNs) {
            send(request, on: connection, nowNs)
        } else {
            idle.append(connection)
        }
    }

    private func next(_ nowNs: Int) -> LoadRequest? {
        if let settlement = unsettled.popFirst() { return settlement }
        if case .closed = settings.pace {
            return phase == .running && nowNs < endNs ? drawn(dueNs: nowNs) : nil
        }
        enqueueDue(nowNs)
        return waiting.popFirst()
    }

    func send(_ request: LoadRequest, on connection: LoadConnection, _ nowNs: Int) {
        var request = request
        request.sentNs = nowNs
        inFlight += 1
        if request.step == .settle { replay?.settle(request) }
        connection.send(request, writer.bytes(of: request, hostField: connection.hostField))
    }

    // MARK: Answers

    /// A request was answered or has failed, and the connection is free.
    func finished(_ connection: LoadConnection, _ request: LoadRequest, _ outcome: Outcome) {
        let nowNs = nowNs
        inFlight -= 1
        if case .replied = outcome { slots[connection.slot].attempts = 0 }
        var settlement: LoadRequest?
        switch request.step {
        case .peek: return probed(connection, request, outcome, nowNs)
        case .admit: settlement = admitted(request, outcome, nowNs)
        case .settle: settled(request, outcome, nowNs)
        }
        if let settlement, connection.isOpen {
            send(settlement, on: connection, nowNs)
        } else {
            if let settlement { unsettled.append(settlement) }
            if connection.isOpen { serve(connection, nowNs) } else { employIdle(nowNs) }
        }
        endIfDone()
    }

    /// - Returns: the settlement, if the execution was admitted and is settled at once.
    private func admitted(_ request: LoadRequest, _ outcome: Outcome, _ nowNs: Int) -> LoadRequest? {
        guard case .replied(let reply) = outcome else {
            record(request, nowNs) { .admit($0.admission(request), nil) }
            fail(request, outcome, nowNs)
            return nil
        }
        let isAdmitted = reply.status == 200 || reply.status == 201
        let isOfUse = isAdmitted || history != nil || replay != nil
        let read: WireReply<AdmittedBody>? = isOfUse ? Self.read(reply) : nil
        record(request, nowNs) { .admit($0.admission(request), read) }
        guard isAdmitted else {
            guard reply.status == 429 else {
                fail(request, .failed(.status(reply.status)), nowNs)
                return nil
            }
            count(request, nowNs) { $0.denied += 1 }
            replay?.deny(request, read?.problem)
            return nil
        }
        guard let body = read?.accepted else {
            fail(request, .failed(.unreadableReply), nowNs)
            return nil
        }
        count(request, nowNs) { tally in
            tally.admitted += 1
            if body.degraded { tally.degraded += 1 }
        }
        // An execution that was admitted without a bound has no hold, so it cannot be settled.
        guard !settings.admitsOnly, !body.degraded || body.overUse != nil else { return nil }
        return settlement(of: request, body, nowNs)
    }

    /// - Returns: nil if the execution runs first.
    private func settlement(of request: LoadRequest, _ body: AdmittedBody, _ nowNs: Int) -> LoadRequest? {
        var settlement = request
        settlement.step = .settle
        settlement.dueNs = nowNs
        settlement.grantedMs = body.grantedMs
        settlement.admittedAt = (body.deadline ?? 0) - body.grantedMs
        // A runner stops an execution when its grant ends.
        settlement.durationMs = min(request.durationMs, body.grantedMs)
        guard replay != nil else { return settlement }
        settlement.isStopped = request.durationMs > body.grantedMs
        replay?.admit(settlement)
        if isStopped { settlement.durationMs = 0 }
        guard settlement.durationMs > 0 else { return settlement }
        start(settlement, nowNs)
        return nil
    }

    private func settled(_ request: LoadRequest, _ outcome: Outcome, _ nowNs: Int) {
        guard case .replied(let reply) = outcome else {
            record(request, nowNs) { .settle(id: $0.id(of: request), $0.settlement(request), nil) }
            fail(request, outcome, nowNs)
            return
        }
        let read: WireReply<SettledBody>? = history != nil ? Self.read(reply) : nil
        record(request, nowNs) { .settle(id: $0.id(of: request), $0.settlement(request), read) }
        if reply.status == 200 {
            count(request, nowNs) { $0.settled += 1 }
        } else {
            fail(request, .failed(.status(reply.status)), nowNs)
        }
    }

    private func count(_ request: LoadRequest, _ nowNs: Int, _ change: (inout LoadTally) -> Void) {
        guard request.isMeasured else {
            tally.warmUpAnswered += 1
            return
        }
        change(&tally)
        measure(request, nowNs)
    }

    /// Counts a failure. A reply with an error has a latency, and a timeout counts with the time
    /// until then.
    private func fail(_ request: LoadRequest, _ outcome: Outcome, _ nowNs: Int) {
        guard case .failed(let failure) = outcome else { return }
        tally.count(failure)
        if request.isMeasured, failure != .connectionLost { measure(request, nowNs) }
    }

    private func measure(_ request: LoadRequest, _ nowNs: Int) {
        lastAnswerNs = max(lastAnswerNs, nowNs)
        if request.step == .admit {
            tally.admissionLatency.record(ns: nowNs - request.dueNs)
        } else {
            tally.settlementLatency.record(ns: nowNs - request.dueNs)
        }
    }

    /// - Returns: nil if it is not a reply of Stint.
    private static func read<Body>(_ reply: ReplyFraming.Reply) -> WireReply<Body>? {
        do throws(BodyError) {
            return try WireReply(status: reply.status, json: reply.body.readableBytesView)
        } catch {
            return nil
        }
    }

    // MARK: The first request

    /// Once all connections are open, sends a peek to each target.
    func probeWhenAllStand() {
        guard slots.allSatisfy({ $0.connection != nil }) else { return }
        var asked: Set<LoadTarget> = []
        for slot in slots where asked.insert(slot.target).inserted {
            guard let connection = slot.connection else { continue }
            let request = LoadRequest(
                step: .peek, account: 0, number: 0, durationMs: 0, dueNs: nowNs, isMeasured: false)
            send(request, on: connection, nowNs)
        }
    }

    private func probed(
        _ connection: LoadConnection, _ request: LoadRequest, _ outcome: Outcome, _ nowNs: Int
    ) {
        let target = slots[connection.slot].target
        switch outcome {
        case .failed(let failure): refuse(target, "its answer is not Stint's (\(failure))")
        case .replied(let reply):
            let read: WireReply<StandingBody>? = Self.read(reply)
            record(request, nowNs) { _ in .peek(read) }
            guard read?.accepted != nil else {
                return refuse(target, "its answer is not Stint's (status \(reply.status))")
            }
            guard inFlight == 0 else { return }
            replay?.hold(against: read?.accepted?.policies ?? [])
            phase = .ready
            opened.succeed()
        }
    }

    // MARK: The history

    private func record(
        _ request: LoadRequest, _ nowNs: Int, _ exchange: (RequestWriter) -> HistoryLine.Exchange
    ) {
        guard history != nil else { return }
        lines.append(
            HistoryLine(
                account: writer.accounts[request.account], sentAt: epoch.wallMs(at: request.sentNs),
                answeredAt: epoch.wallMs(at: nowNs), exchange(writer)))
        if lines.count >= Self.linesTogether { handOverLines() }
    }

    func handOverLines() {
        history?.write(lines)
        lines = []
    }
}
