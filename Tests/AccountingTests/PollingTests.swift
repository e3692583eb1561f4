// Clients that wait for the suggested interval between two calls use nearly all of a limit, window
// after window, and are never denied. In virtual time, on the ledger in memory.

import Accounting
import RuleTable
import SeededChance
import Testing

@Suite("Polling by suggestedIntervalMs")
struct PollingTests {
    /// A limit and who polls under it.
    struct Case: Sendable, CustomTestStringConvertible {
        let meter: Meter
        let amount: Int
        let windowMs: Int
        /// What one call asks for and uses, in ms.
        let durationMs: Int
        let pollers: Int
        /// Milliseconds between two calls of a poller that need not wait, drawn evenly.
        let pace: ClosedRange<Int>

        var testDescription: String {
            "\(pollers) pollers under \(amount) \(meter.rawValue) per \(windowMs) ms"
        }
    }

    static let cases: [Case] = [
        Case(meter: .executions, amount: 6_000, windowMs: 60_000, durationMs: 0, pollers: 1, pace: 1...4),
        Case(meter: .executions, amount: 6_000, windowMs: 60_000, durationMs: 0, pollers: 10, pace: 1...40),
        Case(meter: .executions, amount: 6_000, windowMs: 60_000, durationMs: 0, pollers: 150, pace: 1...10),
        Case(meter: .executions, amount: 200, windowMs: 1_000, durationMs: 0, pollers: 5, pace: 1...20),
        Case(
            meter: .executionTime, amount: 600_000, windowMs: 60_000, durationMs: 1_000, pollers: 15,
            pace: 1...100),
    ]

    @Test("Pollers who follow it use the limit up and are never denied", arguments: cases)
    func converges(_ poll: Case) throws {
        let limit = try Limit(
            name: "limit", meter: poll.meter, amount: poll.amount, windowMs: poll.windowMs)
        let plan = try Plan(name: "p", limits: [limit])
        let account = try #require(Account("acme"))
        var random = SeededGenerator(seed: 7)
        let clock = ManualClock(Scenario.beginning)
        let ledger = MemoryLedger { clock.now }
        let windows = 10
        var admitted = 0
        var due = (0..<poll.pollers).map { _ in Int.random(in: poll.pace, using: &random) }
        var ids = 0
        while let next = due.indices.min(by: { due[$0] < due[$1] }), due[next] < windows * poll.windowMs {
            clock.now = Scenario.beginning + due[next]
            ids += 1
            let id = try #require(ExecutionID("run-\(ids)"))
            let ask = Ask(id: id, isNew: true, durationMs: poll.durationMs, minimumMs: poll.durationMs)
            let answer = try ledger.answer(.admit(ask), about: account, under: plan).get()
            guard case .admitted = answer.verdict else {
                Issue.record("denied after \(due[next]) ms with \(answer.usage[0].used(poll.meter)) used")
                return
            }
            admitted += 1
            let waitMs = Standing(plan: plan, usage: answer.usage).suggestedIntervalMs
            due[next] += max(waitMs, Int.random(in: poll.pace, using: &random))
        }
        let perCall = poll.meter == .executions ? 1 : poll.durationMs
        let part = Double(admitted * perCall) / Double(windows * poll.amount)
        print("\(poll.testDescription): \(admitted) calls, \(Int(part * 100)) % of the limit, none denied")
        #expect(part > 0.85)
    }
}
