// Runners, Stint processes, one ledger and the network between them, in virtual time and from one
// seed. It runs event by event until none is left. Everything that the ledger does is audited at
// once, and in between charges only leave. So every instant is checked, and the events up to a
// complaint are the shortest failing prefix.

import Accounting
import RuleTable
import SeededChance

struct Simulation {
    typealias Call = SimulatedProcess.Call

    var tally = Tally()
    /// What happened; empty unless it shall be kept.
    private(set) var diary: [(account: Account?, line: String)] = []
    private(set) var steps = 0

    let keepsDiary: Bool
    let premises: SimulatedSetting
    let weather: FaultRates
    var random: SeededGenerator
    var agenda = Agenda<Event>()
    var errands: [SimulatedExecution]
    var processes: [SimulatedProcess]
    let ledger: LyingLedger
    let clock = ManualClock()
    var auditor: Auditor
    /// True time in ms, and what the ledger's clock is off.
    var now = 0
    var clockErrorMs = 0
    var calls = 0
    var appliedCalls: Set<Int> = []
    var givenUpCalls: Set<Int> = []

    init(seed: Int, lie: LyingLedger.Lie? = nil, keepsDiary: Bool = false) throws {
        var random = SeededGenerator(seed: seed)
        premises = try SimulatedSetting(&random)
        weather = FaultRates(&random)
        errands = premises.errands
        processes = []
        // A ledger that has no room forgets accounts, and with them that a clock must not step
        // back.
        let hasRoom = weather.clockChanges > 0 || random.once(in: 2)
        ledger = LyingLedger(
            clock: clock, maximumAccounts: hasRoom ? 9 : premises.accounts.count - 1, lie: lie)
        auditor = Auditor(largest: premises.largest, clockIsSet: weather.clockChanges > 0)
        self.keepsDiary = keepsDiary
        self.random = random
        for number in 0..<3 {
            processes.append(SimulatedProcess(plans: premises.books[0], seed: seed + number))
        }
        plan()
    }

    /// Puts down what comes from outside.
    private mutating func plan() {
        for errand in errands.indices {
            agenda.add(.send(errand: errand), at: random.number(in: 0...SimulatedSetting.spanMs))
            if random.once(in: weather.vanishings) {
                agenda.add(.vanish(errand: errand), at: random.number(in: 0...SimulatedSetting.spanMs))
            }
        }
        for _ in 0..<weather.crashes { addMishap(.crash(process: random.number(in: 0...2))) }
        for _ in 0..<weather.reloads { addMishap(.reload(process: random.number(in: 0...2))) }
        for _ in 0..<weather.clockChanges {
            addMishap(.setClock(byMs: random.pick([-30_000, -10_000, -1_000, -999, -1, 1, 1_000, 10_000])))
        }
    }

    private mutating func addMishap(_ event: Event) {
        agenda.add(event, at: random.number(in: 0...SimulatedSetting.spanMs))
    }

    /// - Returns: what went wrong first, or nil.
    mutating func run() -> Complaint? {
        do {
            while try step() {}
            try close()
        } catch { return error }
        return nil
    }

    /// - Returns: false when nothing was left to happen.
    private mutating func step() throws(Complaint) -> Bool {
        guard let (at, event) = agenda.next() else { return false }
        now = at
        steps += 1
        clock.now = Scenario.beginning + 100_000 + now + clockErrorMs
        if keepsDiary { diary.append((event.errand.map { errands[$0].account }, "\(now) ms: \(event)")) }
        switch event {
        case .send(let errand): send(errand)
        case .impatience(let errand, let attempt, let phase):
            if errands[errand].phase == phase, errands[errand].attempts == attempt {
                tryAgain(errand, afterMs: 0)
            }
        case .end(let errand):
            guard errands[errand].phase == .running else { break }
            errands[errand].phase = .settling
            errands[errand].attempts = 0
            send(errand)
        case .vanish(let errand):
            if errands[errand].phase != .over { tally.count(.vanished) }
            errands[errand].phase = .over
        case .request(let letter, let process): receive(letter, at: process)
        case .question(let call): try apply(call)
        case .answer(let call, let answer): receive(answer, to: call)
        case .reply(let letter, let decision): try receive(decision, to: letter)
        case .deadline(let call): giveUp(call)
        case .crash(let process):
            tally.count(.crashed)
            processes[process] = SimulatedProcess(
                plans: premises.books[0], seed: random.number(in: 0...1 << 40))
        case .reload(let process):
            tally.count(.reloaded)
            processes[process].accountant.plans = random.pick(premises.books)
        case .setClock(let byMs):
            tally.count(.clockSet)
            clockErrorMs += byMs
        }
        return true
    }
}
