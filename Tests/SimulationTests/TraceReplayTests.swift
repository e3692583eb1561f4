// The rule against recorded traffic: production traces with the verdicts of an exact sliding log,
// in virtual time. A clock of whole seconds never puts two instants into a cell of a second, so
// there everything is equal.

import Recordings
import Testing

@Suite("The rule against recordings")
struct TraceReplayTests {
    @Test("There is something to replay")
    func isThere() throws {
        let names = try SharedTraces.names()
        let source = SharedTraces.folder == nil ? "our own sample (STINT_SHARED is not set)" : "shared"
        print("recordings, \(source): \(names.joined(separator: ", "))")
        #expect(!names.isEmpty)
    }

    @Test(
        "The oracle decides every row as the recorded verdicts say, open and closed",
        arguments: try SharedTraces.names())
    func oracleAgrees(with name: String) throws {
        let trace = try SharedTraces.trace(name)
        #expect(!trace.verdicts.rules.isEmpty && trace.rowCount > 0)
        for (column, rule) in trace.verdicts.rules.enumerated() {
            var wrong = 0
            for account in trace.accounts {
                var window = ExactWindow(
                    lengthMs: TraceRule.windowMs + (rule.isClosed ? 1 : 0), amount: rule.amount)
                for row in account {
                    window.advance(to: row.offsetMs)
                    let fits = window.fits(rule.cost(of: row))
                    if fits { window.admit(rule.cost(of: row), at: row.offsetMs) }
                    if fits != trace.verdicts.isAdmitted(row.index, by: column) { wrong += 1 }
                }
            }
            #expect(wrong == 0, "\(name) \(rule): \(wrong) rows")
        }
    }

    @Test(
        "Verdicts are the exact ones, or stricter by at most one cell", arguments: try SharedTraces.names())
    func replays(_ name: String) throws {
        let trace = try SharedTraces.trace(name)
        let isWholeSecond = trace.accounts.allSatisfy { $0.allSatisfy { $0.offsetMs % 1_000 == 0 } }
        if !trace.isWhole {
            print("\(name): its \(trace.accounts.count) quietest accounts; STINT_PROOF takes all")
        }
        for (column, rule) in trace.verdicts.rules.enumerated() where !rule.isClosed {
            let replay = try Replay(trace, column: column, cells: 60)
            print(replay)
            hold(replay)
            #expect(replay.differences == 0 || !isWholeSecond, "\(replay)")
            guard replay.differences > 0 else { continue }
            let finer = try Replay(trace, column: column, cells: 1_000)
            print(finer)
            hold(finer)
            #expect(finer.differences < replay.differences, "\(finer) after \(replay)")
            #expect(finer.heldBack < replay.heldBack, "\(finer) after \(replay)")
        }
    }

    /// What every replay must show.
    private func hold(_ replay: Replay) {
        #expect(replay.tooMuch == 0, "\(replay)")
        #expect(replay.laxFirst == 0, "\(replay)")
        #expect(replay.heldBackMoreThanACell == 0, "\(replay)")
        #expect(replay.differencesOfSparseAccounts == 0, "\(replay)")
    }
}
