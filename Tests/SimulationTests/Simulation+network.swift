// The network between runners, processes and the ledger, and how the processes handle its messages.

import Accounting
import RuleTable
import SeededChance

extension Simulation {
    /// Puts `event` down for when it arrives, if it does: once, or for some messages twice.
    mutating func transmit(_ event: Event, mayDouble: Bool) {
        let copies = mayDouble && random.once(in: weather.doubles) ? 2 : 1
        if copies == 2 { tally.count(.doubled) }
        for _ in 0..<copies {
            if random.once(in: weather.losses) {
                tally.count(.lost)
            } else {
                agenda.add(event, at: now + weather.delayMs(&random))
            }
        }
    }

    mutating func receive(_ letter: Letter, at process: Int) {
        let considered: PreparedQuestion
        do {
            considered = try processes[process].consider(letter)
        } catch {
            transmit(.reply(letter, .refused(error)), mayDouble: true)
            return
        }
        let call = Call(number: calls, process: process, letter: letter, considered: considered)
        calls += 1
        processes[process].wait(for: call)
        if random.once(in: weather.outages) {
            tally.count(.notApplied)
            receive(.failure(.notApplied("no connection")), to: call)
        } else {
            // A connection neither doubles nor reorders, but the ledger may take its time, and may
            // be asked over another connection meanwhile.
            transmit(.question(call), mayDouble: false)
            agenda.add(.deadline(call), at: now + SimulatedProcess.deadlineMs)
        }
    }

    mutating func giveUp(_ call: Call) {
        let unknown = LedgerError.outcomeUnknown("no answer in \(SimulatedProcess.deadlineMs) ms")
        guard let decision = processes[call.process].decide(call, .failure(unknown)) else { return }
        tally.count(appliedCalls.contains(call.number) ? .unknownAndApplied : .unknownAndNotApplied)
        givenUpCalls.insert(call.number)
        transmit(.reply(call.letter, decision), mayDouble: true)
    }

    mutating func receive(_ answer: Result<Answer, LedgerError>, to call: Call) {
        guard let decision = processes[call.process].decide(call, answer) else { return }
        transmit(.reply(call.letter, decision), mayDouble: true)
    }

    /// The ledger is asked, and audited.
    mutating func apply(_ call: Call) throws(Complaint) {
        let (account, plan) = (call.considered.account, call.considered.plan)
        let answer = ledger.answer(call.considered.question, about: account, under: plan)
        let kept = ledger.accountLedger(of: account)
        switch answer {
        case .success(let message):
            appliedCalls.insert(call.number)
            if givenUpCalls.contains(call.number) { tally.count(.appliedAfterItWasGivenUp) }
            count(message.verdict, call.considered.question, of: account)
            try auditor.receive(
                message.verdict, to: call.considered.question, about: account, under: plan, at: clock.now.ms,
                kept: kept)
        case .failure:
            tally.count(.notApplied)
            try auditor.hearRefusal(about: account, at: clock.now.ms, kept: kept)
        }
        transmit(.answer(call, ledger.deliver(answer)), mayDouble: false)
    }

    mutating func count(_ verdict: Verdict, _ question: Question, of account: Account) {
        switch (verdict, question) {
        case (.admitted(let grant), .admit(let ask)):
            tally.count(.admitted)
            if grant.durationMs < ask.durationMs { tally.count(.partialGrant) }
            if auditor.hasSettled(ask.id, of: account) { tally.count(.chargedAfterItWasSettled) }
        case (.held, _): tally.count(.held)
        case (.denied, _): tally.count(.denied)
        case (.settled(let receipt), .settle(_, let durationMs, _)):
            tally.count(.settled)
            if receipt.overrunMs > 0 { tally.count(.overrun) }
            if receipt.chargedMs != durationMs { tally.count(.settledTooLate) }
        case (.notHeld, _): tally.count(.notHeld)
        default: break
        }
    }
}
