// A thousand simulations of runners, processes and a ledger, each from a seed, in which everything
// that can fail does. A failure prints its seed and all events until then; `Simulation(seed:)`
// repeats it.

import SeededChance
import Testing

@Suite("The simulation")
struct SimulationTests {
    static let streams = 10
    static let seedsPerStream = Proof.isAsked ? 2_000 : 100

    @Test("Whatever fails: strict, nothing charged twice, nothing free", arguments: 0..<streams)
    func holds(stream: Int) throws {
        var tally = Tally()
        var steps = 0
        for seed in stream * Self.seedsPerStream..<(stream + 1) * Self.seedsPerStream {
            var simulation = try Simulation(seed: seed)
            if let complaint = simulation.run() {
                Issue.record("\(try Self.report(complaint, seed: seed))")
                return
            }
            tally += simulation.tally
            steps += simulation.steps
        }
        print("simulation \(stream): \(Self.seedsPerStream) seeds, \(steps) events: \(tally)")
        #expect(tally.missing.isEmpty, "never happened: \(tally.missing)")
    }

    @Test(
        "A ledger that breaks a promise is found out, and for what it did",
        arguments: [
            (LyingLedger.Lie.chargesRetries, Complaint.Kind.chargedTwice), (.admitsTooMuch, .overLimit),
            (.chargesDenials, .miscounted), (.forgetsEverything, .miscounted), (.losesCharges, .miscounted),
            (.settlesTooLow, .runsFree), (.losesSettlements, .miscounted), (.confusesCallers, .runsFree),
        ])
    func finds(_ lie: LyingLedger.Lie, _ kind: Complaint.Kind) throws {
        var lives = 0
        var found: [Complaint.Kind] = []
        while lives < 100, !found.contains(kind) {
            var simulation = try Simulation(seed: lives, lie: lie)
            if let complaint = simulation.run() { found.append(complaint.kind) }
            lives += 1
        }
        #expect(found.contains(kind), "in \(lives) lives only \(found)")
    }

    @Test("Every lie is tried, and the same seed is the same life")
    func isRepeatable() throws {
        #expect(LyingLedger.Lie.allCases.count == 8)
        var lives = try (0..<2).map { _ in try Simulation(seed: 7, keepsDiary: true) }
        for index in lives.indices { #expect(lives[index].run() == nil) }
        #expect(lives[0].diary.map(\.line) == lives[1].diary.map(\.line))
        #expect(lives[0].diary.count == lives[0].steps && lives[0].steps > 50)
    }

    /// Lives the life again, writing down what concerns the account.
    private static func report(_ complaint: Complaint, seed: Int) throws -> String {
        var again = try Simulation(seed: seed, keepsDiary: true)
        let same = again.run()
        let account = again.diary.last?.account
        let lines = again.diary.filter { $0.account == nil || account == nil || $0.account == account }.map(
            \.line)
        return """
            seed \(seed), after \(again.steps) events: \(same ?? complaint)
            \(again.premises)
            \(lines.joined(separator: "\n"))
            """
    }
}
