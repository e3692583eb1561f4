// The events of a simulation, and the line that a failing one prints of each.

import Accounting

extension Simulation {
    enum Event {
        /// Runners: ask or settle, wait no longer, have run to the end, are gone.
        case send(errand: Int)
        case impatience(errand: Int, attempt: Int, SimulatedExecution.Phase)
        case end(errand: Int)
        case vanish(errand: Int)
        /// The network: what arrives where.
        case request(Letter, process: Int)
        case question(Call)
        case answer(Call, Result<Answer, LedgerError>)
        case reply(Letter, Decision)
        /// Processes and clocks.
        case deadline(Call)
        case crash(process: Int)
        case reload(process: Int)
        case setClock(byMs: Int)
    }
}

extension Simulation.Event: CustomStringConvertible {
    /// The errand it is about; nil when it is about everyone.
    var errand: Int? {
        switch self {
        case .send(let errand), .impatience(let errand, _, _), .end(let errand), .vanish(let errand): errand
        case .request(let letter, _), .reply(let letter, _): letter.errand
        case .question(let call), .answer(let call, _), .deadline(let call): call.letter.errand
        case .crash, .reload, .setClock: nil
        }
    }

    var description: String {
        switch self {
        case .send(let errand): "errand \(errand) is sent"
        case .impatience(let errand, let attempt, let phase):
            "errand \(errand) has waited long enough for \(phase), attempt \(attempt)"
        case .end(let errand): "errand \(errand) has run"
        case .vanish(let errand): "errand \(errand) vanishes"
        case .request(let letter, let process): "process \(process) hears \(letter)"
        case .question(let call): "the ledger hears call \(call.number): \(call.considered.question)"
        case .answer(let call, .success(let answer)): "call \(call.number) is answered: \(answer.verdict)"
        case .answer(let call, .failure(let error)): "call \(call.number) is answered: \(error)"
        case .reply(let letter, let decision): "a reply to \(letter): \(decision)"
        case .deadline(let call): "call \(call.number) of process \(call.process) is due"
        case .crash(let process): "process \(process) crashes"
        case .reload(let process): "process \(process) reads a plan again"
        case .setClock(let byMs): "the ledger's clock is set by \(byMs) ms"
        }
    }
}
