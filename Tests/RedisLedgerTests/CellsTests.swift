// The cells that people see, read from what the scripts wrote: they are those of the rule, and a
// damaged account ledger is reported.

import Accounting
import LedgerRig
import Logging
import Metrics
import NIOCore
import NIOPosix
import Redis
import RuleTable
import SeededChance
import TestServers
import Testing

@testable import RedisLedger

@Suite("The cells of a window")
struct CellsTests {
    private static let account = Account("acct-4711")!
    private static let key = "stint:{acct-4711}"

    /// Gives `body` a ledger, and what looks into its accounts.
    static func withInspector(
        clock: ManualClock?, _ body: (LedgerRig, AccountInspector, RedisClient) async throws -> Void
    ) async throws {
        try await RedisServer.withServer { server in
            try await LedgerRig.withRedis(server.url, prefix: "stint:", clock: clock) { ledger in
                try await LedgerRig.withInspector(on: server.url, prefix: "stint:") { inspector, client in
                    try await body(ledger, inspector, client)
                }
            }
        }
    }

    @Test("Charges at known instants are those cells, until they leave")
    func known() async throws {
        let plan = try Plan.serverless()
        let clock = ManualClock()
        let begin = Scenario.beginning
        func cell(_ number: Int, _ executions: Int, _ ms: Int, at latest: Int) -> SlidingWindow.Cell {
            SlidingWindow.Cell(
                number: begin.ms / 1_000 + number, executions: executions, executionTimeMs: ms,
                latest: begin + latest)
        }
        try await Self.withInspector(clock: clock) { ledger, inspector, _ in
            func cells() async throws -> [SlidingWindow.Cell] {
                let windows = try await inspector.cells(of: Self.account, under: plan, at: clock.now)
                #expect(windows.count == 1 && windows[0].shape == plan.windows[0])
                #expect(windows[0].now == clock.now)
                return windows[0].cells
            }
            func ask(_ question: Question, at ms: Int) async throws {
                clock.now = begin + ms
                _ = try await ledger.ask(question, about: Self.account, under: plan)
            }
            #expect(try await cells() == [])
            try await ask(.ask("a", 1_000), at: 100)
            #expect(try await cells() == [cell(0, 1, 1_000, at: 100)])
            try await ask(.ask("b", 2_000), at: 900)
            try await ask(.ask("c", 3_000), at: 5_000)
            try await ask(.ask("d", 4_000), at: 18_500)
            try await ask(.ask("e", 5_000), at: 59_000)
            try await ask(.settle(ExecutionID("c")!, durationMs: 10), at: 59_500)
            let all = [
                cell(0, 2, 3_000, at: 900), cell(5, 1, 10, at: 5_000), cell(18, 1, 4_000, at: 18_500),
                cell(59, 1, 5_000, at: 59_000),
            ]
            #expect(try await cells() == all)
            clock.now = begin + 60_899
            #expect(try await cells() == all)
            clock.now = begin + 60_900
            #expect(try await cells() == Array(all.dropFirst()))
            clock.now = begin + 118_999
            #expect(try await cells() == Array(all.suffix(1)))
            clock.now = begin + 119_000
            #expect(try await cells() == [])
        }
    }

    @Test("They are the rule's own cells, and add up to what a peek says", arguments: 1...8)
    func sameAsTheRule(seed: Int) async throws {
        let shapes = [(1_000, 10), (60_000, 60), (3_600_000, 1), (60_000, 1_000), (86_400_000, 17)]
        let plan = try Plan(
            name: "p",
            limits: (0..<2).map {
                let (windowMs, cells) = shapes[(seed + $0) % shapes.count]
                return try Limit(
                    name: "l\($0)", meter: .executionTime, amount: 1_000_000, windowMs: windowMs, cells: cells
                )
            })
        let clock = ManualClock()
        var random = SeededGenerator(seed: seed)
        var expected = AccountLedger()
        var shown = 0
        try await Self.withInspector(clock: clock) { ledger, inspector, _ in
            for round in 0..<Proof.times(120) {
                clock.advance(
                    byMs: random.pick([0, 7, 100, 999, 1_000, 5_000, 61_000, plan.windows[0].lengthMs / 3]))
                let question: Question =
                    random.once(in: 3)
                    ? .settle(
                        ExecutionID("e\(random.number(in: 0...max(0, round)))")!,
                        durationMs: random.number(in: 0...900))
                    : .ask("e\(round)", random.number(in: 0...700))
                let answer = try await ledger.ask(question, about: Self.account, under: plan)
                let own = expected.answer(question, under: plan, at: clock.now)
                #expect(own.usage == answer.usage, "seed \(seed), \(round)")
                clock.advance(byMs: random.pick([0, 0, 3, 900, 30_000]))
                let peek = try await ledger.ask(.peek, about: Self.account, under: plan)
                let windows = try await inspector.cells(of: Self.account, under: plan, at: clock.now)
                for (window, usage) in zip(windows, peek.usage) {
                    let cells = (expected.windows[window.shape]?.cells ?? []).filter {
                        $0.latest + window.shape.lengthMs > clock.now
                    }
                    #expect(window.cells == cells, "seed \(seed), \(round)")
                    #expect(window.cells.reduce(0) { $0 + $1.executions } == usage.executions)
                    #expect(window.cells.reduce(0) { $0 + $1.executionTimeMs } == usage.executionTimeMs)
                    #expect(window.cells.first.map(window.leavesInMs) == usage.oldestLeavesInMs)
                    shown += window.cells.count
                }
            }
        }
        #expect(shown > 120, "seed \(seed): only \(shown) cells were looked at")
    }

    @Test("By the server's own clock, too")
    func serversClock() async throws {
        let plan = try Plan.serverless()
        try await Self.withInspector(clock: nil) { ledger, inspector, _ in
            _ = try await ledger.ask(.ask("a", 1_234), about: Self.account, under: plan)
            let windows = try await inspector.cells(of: Self.account, under: plan)
            #expect(windows.map { $0.cells.map(\.executionTimeMs) } == [[1_234]])
            #expect(windows[0].currentNumber - windows[0].cells[0].number <= 30)
        }
    }

    @Test("A damaged window is refused or read, and nothing worse", arguments: 1...4)
    func damaged(seed: Int) async throws {
        let plan = try Plan.serverless()
        let shape = plan.windows[0]
        let clock = ManualClock()
        try await Self.withInspector(clock: clock) { ledger, inspector, client in
            for second in 0..<50 {
                _ = try await ledger.ask(.ask("e\(second)", 100), about: Self.account, under: plan)
                clock.advance(byMs: 1_100)
            }
            let names = PackedWindow.fields(of: shape)
            let fields = try await client.call(["HMGET", Self.key] + names).elements.map { reply in
                if case .bulk(let bytes) = reply { bytes } else { ByteBuffer?.none }
            }
            #expect(fields.compactMap(\.self).count == 4)
            #expect(PackedWindow(shape, fields)?.cells(at: clock.now)?.count == 50)
            let mutator = Mutator([[0], [255], [0, 0, 0, 0, 0, 0, 240, 127], Array(repeating: 0, count: 14)])
            var random = SeededGenerator(seed: seed)
            var (refused, read) = (0, 0)
            for _ in 0..<Proof.times(4_000) {
                var mutants = fields
                let index = random.number(in: 0...fields.count - 1)
                let bytes = mutator.mutant(
                    of: fields[index].map { Array($0.readableBytesView) } ?? [], using: &random)
                mutants[index] = random.once(in: 20) ? nil : ByteBuffer(bytes: bytes)
                if let cells = PackedWindow(shape, mutants)?.cells(at: clock.now) {
                    read += 1
                    #expect(cells.count <= shape.cells + 1)
                } else {
                    refused += 1
                }
            }
            #expect(refused > 100 && read > 100, "seed \(seed): \(refused) refused, \(read) read")

            _ = try await client.call(["HSET", Self.key, names[0], "nonsense"])
            await #expect(throws: RedisError.unexpected("a window of account acct-4711 is damaged")) {
                try await inspector.cells(of: Self.account, under: plan, at: clock.now)
            }
        }
    }
}
