// What runners do: ask until they are answered, run, settle until that is answered; and what they
// give up.

import Accounting
import RuleTable
import SeededChance

extension Simulation {
    mutating func send(_ errand: Int) {
        guard errands[errand].phase == .asking || errands[errand].phase == .settling else { return }
        errands[errand].attempts += 1
        let (attempt, phase) = (errands[errand].attempts, errands[errand].phase)
        let letter = Letter(
            errand: errand, attempt: attempt, account: errands[errand].account,
            content: errands[errand].content)
        transmit(
            .request(letter, process: random.number(in: 0...processes.count - 1)), mayDouble: true)
        let patienceMs = random.pick([20, 100, 500])
        agenda.add(.impatience(errand: errand, attempt: attempt, phase), at: now + patienceMs)
    }

    mutating func tryAgain(_ errand: Int, afterMs pauseMs: Int) {
        if errands[errand].attempts < SimulatedExecution.mostAttempts {
            agenda.add(.send(errand: errand), at: now + pauseMs)
        } else {
            tally.count(.givenUp)
            errands[errand].phase = .over
        }
    }

    mutating func receive(_ decision: Decision, to letter: Letter) throws(Complaint) {
        let isLatest = errands[letter.errand].attempts == letter.attempt
        switch (letter.content, errands[letter.errand].phase, decision) {
        case (.start(let admission), .asking, .admitted(let admitted, _)):
            if let id = admission.id, id != admitted.id {
                throw Complaint(.wrongAnswer, "\(id) is answered as \(admitted.id)")
            }
            try auditor.check(admitted.id, admitted.grant, of: letter.account)
            run(letter.errand, admitted.id, admitted.grant, admitted.grant.durationMs)
        case (.start, .asking, .degraded(let ask, _, _)):
            tally.count(.degraded)
            run(letter.errand, ask.id, nil, ask.durationMs)
        case (.start, .asking, .denied(let denial, _, _)):
            guard isLatest else { break }
            guard let pauseMs = denial.retryAfterMs else {
                errands[letter.errand].phase = .over
                break
            }
            tryAgain(letter.errand, afterMs: pauseMs)
        case (.start, .asking, .unavailable(_, let id)):
            guard isLatest else { break }
            errands[letter.errand].id = id
            tryAgain(letter.errand, afterMs: random.pick([0, 1, 100]))
        case (.start, .asking, .refused):
            tally.count(.refused)
            errands[letter.errand].phase = .over
        case (.settle(let id, _), .settling, .settled(let settled, let receipt, _)) where settled == id:
            errands[letter.errand].run?.receipt = receipt
            finish(letter.errand)
        case (.settle(let id, _), .settling, .notHeld(let gone)) where gone == id: finish(letter.errand)
        case (.settle, .settling, .unavailable):
            if isLatest { tryAgain(letter.errand, afterMs: random.pick([0, 1, 100])) }
        case (.start, .asking, _), (.settle, .settling, _):
            throw Complaint(.wrongAnswer, "\(decision) to \(letter)")
        default: break
        }
    }

    /// Runs for less than the grant, for all of it, or beyond; and settles at the end, or long
    /// after.
    mutating func run(_ errand: Int, _ id: ExecutionID, _ grant: Grant?, _ grantMs: Int) {
        let durationMs = random.pick([
            0, grantMs, random.number(in: 0...grantMs), random.number(in: 0...grantMs), grantMs + 1,
            2 * grantMs,
        ])
        errands[errand].phase = .running
        errands[errand].run = SimulatedExecution.Run(id: id, grant: grant, durationMs: durationMs)
        let pauseMs = random.once(in: 6) ? latePauseMs(after: durationMs, grant) : 0
        agenda.add(.end(errand: errand), at: now + durationMs + pauseMs)
    }

    /// Any time, or when the charge leaves or the hold expires, to the ms.
    mutating func latePauseMs(after durationMs: Int, _ grant: Grant?) -> Int {
        var pausesMs = [random.number(in: 0...60_000)]
        if let grant {
            var edges = premises.largest.map { grant.admittedAt + $0.window.lengthMs }
            edges.append(grant.deadline + 30_000)
            pausesMs += edges.map { max(0, $0 - clock.now - durationMs - random.number(in: 0...2)) }
        }
        return random.pick(pausesMs)
    }

    mutating func finish(_ errand: Int) {
        // Some settle twice, to be sure.
        if random.once(in: 8) { send(errand) }
        errands[errand].phase = .over
    }

    /// Nothing will happen any more: what ran, and is it charged?
    mutating func close() throws(Complaint) {
        var charged = 0
        for errand in errands {
            guard let run = errand.run, let grant = run.grant else { continue }
            try auditor.close(run.id, grant, of: errand.account, ran: run.durationMs, run.receipt)
            charged += 1
        }
        tally.count(.chargedAndNotRun, by: auditor.charges - charged)
    }
}
