// What the ledger's script writes to an account's log, read as the control plane reads it.

import Accounting
import ControlStore
import LedgerRig
import Logging
import Metrics
import NIOCore
import NIOPosix
import Redis
import RuleTable
import TestServers
import Testing

@testable import RedisLedger

@Suite("The log of an account's executions")
struct LogTests {
    private static let account = Account("acct-4711")!
    private static let key = "stint:{acct-4711}:log"
    private static let days90 = 7_776_000_000

    /// Gives `body` a ledger that keeps a log, and what reads it.
    private static func withLog(
        rows: Int = 1_000, clock: ManualClock? = ManualClock(),
        _ body: (LedgerRig, ExecutionLog, RedisServer) async throws -> Void
    ) async throws {
        try await LedgerRig.withServer(clock: clock, logRows: rows) { server, ledger in
            var settings = RedisSettings(url: try RedisURL(server.url))
            settings.commandDeadline = .seconds(20)
            let client = try await RedisClient.make(
                on: MultiThreadedEventLoopGroup.singleton.next(), settings: settings,
                logger: Logger(label: "log", factory: { _ in SwiftLogNoOpLogHandler() }),
                metrics: NOOPMetricsHandler.instance)
            try await client.start()
            try await eventually("the client is ready") { try await client.isReady }
            let log = ControlStore(redis: client, keys: ControlKeys(prefix: "stint:")).executions
            do {
                try await body(ledger, log, server)
            } catch {
                try await client.close()
                throw error
            }
            try await client.close()
        }
    }

    private static func admit(
        _ id: String, _ durationMs: Int = 10_000, isNew: Bool = false, function: String? = "resize",
        kind: String = "function"
    ) -> Question {
        .admit(
            Ask(
                id: ExecutionID(id)!, isNew: isNew, durationMs: durationMs, minimumMs: 100,
                function: function, kind: kind))
    }

    private static func settle(
        _ id: String, _ durationMs: Int, _ outcome: Ending.Outcome? = nil, memory: Int? = nil
    ) -> Question {
        .settle(
            ExecutionID(id)!, durationMs: durationMs, ending: Ending(outcome: outcome, memoryBytes: memory))
    }

    /// One window, which the script answers on its usual way, and two, which it does not.
    static func plan(windows: Int) throws -> Plan {
        try Plan(
            name: "p",
            limits: (0..<windows).map {
                try Limit(
                    name: "l\($0)", meter: .executionTime, amount: 1_000_000_000_000,
                    windowMs: 60_000 * (1 + $0))
            })
    }

    @Test("Every settlement is a row with all that is known, whatever way it took", arguments: [1, 2])
    func settled(windows: Int) async throws {
        let plan = try Self.plan(windows: windows)
        try await Self.withLog { ledger, log, _ in
            let long = String(repeating: "ü", count: 128)
            let executions: [(Question, Question)] = [
                (Self.admit("a"), Self.settle("a", 84, .ok, memory: 50_331_648)),
                (Self.admit("b", function: nil), Self.settle("b", 12_000, .error)),
                (Self.admit("c", isNew: true, kind: "workflow-action"), Self.settle("c", 0, .notStarted)),
                (Self.admit("d", 2_678_400_000, function: long), Self.settle("d", 2_678_400_000, .timeout)),
                (Self.admit("e", 0), Self.settle("e", 1, nil, memory: 9_007_199_254_740_991)),
                (Self.admit("f"), Self.settle("f", 1, nil, memory: 0)),
            ]
            // All admitted in one call, some settled in one.
            for part in [executions.map(\.0), [executions[0].1], executions.dropFirst().map(\.1)] {
                _ = try await ledger.receive(part.map { Put($0, about: Self.account, under: plan) })
            }
            let page = try await log.page(of: Self.account, limit: 100)
            #expect(page.next == nil && page.rows.map(\.id) == ["f", "e", "d", "c", "b", "a"])
            for (row, (admit, settle)) in zip(page.rows.reversed(), executions) {
                guard case .admit(let ask) = admit, case .settle(let id, let durationMs, let ending) = settle
                else { continue }
                #expect(row.id == id.name && row.label == ask.label, "\(row)")
                #expect(row.admittedAt == Scenario.beginning && row.grantedMs == ask.durationMs, "\(row)")
                #expect(row.durationMs == durationMs && row.memoryBytes == ending.memoryBytes, "\(row)")
                #expect(row.outcome?.rawValue == ending.outcome?.rawValue, "\(row)")
                #expect(row.overrunMs == max(0, durationMs - ask.durationMs), "\(row)")
            }
        }
    }

    @Test("A settlement says what was settled; repeated it is not held, and writes no second row")
    func repeated() async throws {
        let plan = try Plan.serverless()
        let clock = ManualClock()
        try await Self.withLog(clock: clock) { ledger, log, _ in
            _ = try await ledger.ask(Self.admit("a"), about: Self.account, under: plan)
            clock.advance(byMs: 90)
            let first = try await ledger.ask(Self.settle("a", 84), about: Self.account, under: plan)
            let grant = Grant(admittedAt: Scenario.beginning, durationMs: 10_000)
            #expect(
                first.verdict
                    == .settled(
                        Receipt(
                            chargedMs: 84, returnedMs: 9_916, overrunMs: 0, grant: grant,
                            label: Label(kind: "function", function: "resize"))))
            for _ in 0..<3 {
                let again = try await ledger.ask(Self.settle("a", 99), about: Self.account, under: plan)
                #expect(again.verdict == .notHeld)
            }
            #expect(try await log.page(of: Self.account, limit: 100).rows.map(\.durationMs) == [84])
        }
    }

    @Test(
        "A hold that expired becomes one row: when an admission looks, when its id is held again, when it is swept"
    )
    func expired() async throws {
        let plan = try Self.plan(windows: 1)
        let clock = ManualClock()
        try await Self.withLog(clock: clock) { ledger, log, server in
            func rows() async throws -> [String] {
                try await log.page(of: Self.account, limit: 100).rows.map { "\($0.id) \($0.outcome!)" }
            }
            func ask(_ question: Question) async throws {
                _ = try await ledger.ask(question, about: Self.account, under: plan)
            }
            try await ask(Self.admit("a"))
            clock.advance(byMs: 62_000)
            // The window is empty again, so the account ledger is renewed, and looked through.
            try await ask(Self.admit("b"))
            #expect(try await rows() == ["a expired"])
            clock.advance(byMs: 62_000)
            try await ask(Self.admit("b"))
            #expect(try await rows() == ["b expired", "a expired"])
            let row = try await log.page(of: Self.account, limit: 1).rows[0]
            #expect(row.durationMs == 10_000 && row.overrunMs == 0)

            clock.advance(byMs: 62_000)
            let swept = try Self.sweep(server, at: clock.now)
            #expect(swept == ["0", "1"], "\(swept)")
            #expect(try await rows() == ["b expired", "b expired", "a expired"])
            let late = try await ledger.ask(Self.settle("b", 5), about: Self.account, under: plan)
            #expect(late.verdict == .notHeld)
            #expect(try Self.sweep(server, at: clock.now) == ["0", "0"])
        }
    }

    /// The cursor, how many expired, and who is left.
    private static func sweep(_ server: RedisServer, at now: Timestamp) throws -> [String] {
        let text = String(buffer: LedgerScript.sweep)
        let message = try server.command(
            "EVAL", text, "1", "stint:{acct-4711}", String(now.ms), "1000", "1", "0")
        // The clock, no refusal, the cursor, how many expired, no row lost, and who is left.
        let parts = message.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        #expect(parts.count >= 5 && parts[0] == String(now.ms) && parts[1].isEmpty && parts[4] == "0")
        return Array(parts[2...3] + parts[5...])
    }

    @Test("Abandoned holds of a busy account become rows, each once, and do not gather")
    func abandoned() async throws {
        let plan = try Self.plan(windows: 1)
        let clock = ManualClock()
        try await Self.withLog(rows: 100_000, clock: clock) { ledger, log, server in
            for second in 0..<300 {
                let puts = (0..<10).map {
                    Put(Self.admit("e\(second)-\($0)", 1_000), about: Self.account, under: plan)
                }
                _ = try await ledger.receive(puts)
                clock.advance(byMs: 1_000)
            }
            let rows = try await log.page(of: Self.account, limit: 10_000).rows
            #expect(Set(rows.map(\.id)).count == rows.count && rows.count > 1_000)
            let kept = try #require(Int(try server.command("HLEN", "stint:{acct-4711}")))
            #expect(rows.count + kept - 2 >= 3_000 && kept < 1_800, "\(rows.count) rows, \(kept) fields")
        }
    }

    @Test("Without a log nothing of it is written, and no label travels")
    func off() async throws {
        let plan = try Plan.serverless()
        try await RedisServer.withServer { server in
            try await LedgerRig.withRedis(server.url, prefix: "stint:", clock: ManualClock()) { ledger in
                _ = try await ledger.ask(Self.admit("a"), about: Self.account, under: plan)
                let settled = try await ledger.ask(Self.settle("a", 5, .ok), about: Self.account, under: plan)
                guard case .settled(let receipt) = settled.verdict else {
                    Issue.record("\(settled)")
                    return
                }
                #expect(receipt.label == nil && receipt.grantedMs == 10_000)
                #expect(receipt.admittedAt == Scenario.beginning)
                #expect(try server.command("KEYS", "*") == "stint:{acct-4711}")
            }
        }
    }

    @Test("The log lives 90 days longer than the account ledger needs, and both are renewed together")
    func timeToLive() async throws {
        let plan = try Plan.serverless()
        let clock = ManualClock()
        try await Self.withLog(clock: clock) { ledger, _, server in
            func ttl(_ key: String) throws -> Int { try #require(Int(try server.command("PTTL", key))) }
            _ = try await ledger.ask(Self.admit("a"), about: Self.account, under: plan)
            #expect(try ttl(Self.key) == -2)
            // Nobody may have come for the holds that expired; they are kept 10 minutes for whoever
            // does.
            #expect((660_000...732_000).contains(try ttl("stint:{acct-4711}")))
            _ = try await ledger.ask(Self.settle("a", 5), about: Self.account, under: plan)
            #expect((Self.days90 + 50_000...Self.days90 + 132_000).contains(try ttl(Self.key)))
            // A log that somebody forgot to give a time to live gets one, and so does one whose
            // time is short.
            for command in [["PERSIST", Self.key], ["PEXPIRE", Self.key, "1000"]] {
                var connection = try BlockingConnection(socketPath: server.socketPath)
                _ = try connection.command(command)
                clock.advance(byMs: 200_000)
                _ = try await ledger.ask(Self.admit("b\(command.count)"), about: Self.account, under: plan)
                #expect(try ttl(Self.key) >= Self.days90)
            }
        }
    }

    @Test("Rows beyond the most that are kept go, and those older than 90 days")
    func trimmed() async throws {
        let plan = try Self.plan(windows: 1)
        let clock = ManualClock(Timestamp(ms: 1_770_076_800_000))
        try await Self.withLog(rows: 500, clock: clock) { ledger, log, server in
            // Whole nodes go, and a node that may go has 100 rows.
            let old = clock.now.ms - Self.days90 - 1_000
            for number in 0..<400 {
                try server.command("XADD", Self.key, "\(old)-\(number)", "", "x")
            }
            _ = try await ledger.ask(Self.admit("first"), about: Self.account, under: plan)
            #expect(try server.command("XLEN", Self.key) == "0")
            #expect(try await log.page(of: Self.account, limit: 10) == ExecutionLog.Page(rows: [], next: nil))
            for round in 0..<40 {
                let ids = (0..<50).map { "e\(round)-\($0)" }
                _ = try await ledger.receive(
                    ids.map { Put(Self.admit($0, 10), about: Self.account, under: plan) })
                _ = try await ledger.receive(
                    ids.map { Put(Self.settle($0, 5), about: Self.account, under: plan) })
                clock.advance(byMs: 1_000)
            }
            let kept = try #require(Int(try server.command("XLEN", Self.key)))
            print("log: of 2,000 rows \(kept) were kept where about 500 are to be")
            #expect((500...600).contains(kept))
            #expect(try await log.page(of: Self.account, limit: 1).rows[0].id == "e39-49")
        }
    }

    @Test("A log that cannot be written loses its row and not the settlement", arguments: [1, 2])
    func unwritable(windows: Int) async throws {
        let plan = try Self.plan(windows: windows)
        try await Self.withLog { ledger, _, server in
            try server.command("SET", Self.key, "something else")
            for id in ["a", "b"] {
                _ = try await ledger.ask(Self.admit(id), about: Self.account, under: plan)
                let settled = try await ledger.ask(Self.settle(id, 84), about: Self.account, under: plan)
                guard case .settled(let receipt) = settled.verdict else {
                    Issue.record("\(settled)")
                    return
                }
                #expect(receipt.returnedMs == 9_916)
                #expect(
                    try await ledger.ask(Self.settle(id, 84), about: Self.account, under: plan).verdict
                        == .notHeld)
            }
            #expect(try server.command("GET", Self.key) == "something else")
        }
    }

    @Test("Pages follow each other without a gap, through filters, and end where nothing is left")
    func pages() async throws {
        let plan = try Self.plan(windows: 1)
        try await Self.withLog(rows: 100_000) { ledger, log, server in
            for round in 0..<25 {
                let numbers = (0..<50).map { round * 50 + $0 }
                _ = try await ledger.receive(
                    numbers.map {
                        Put(
                            Self.admit("e\($0)", 10, function: "f\($0 % 10)"), about: Self.account,
                            under: plan)
                    })
                _ = try await ledger.receive(
                    numbers.map {
                        Put(
                            Self.settle("e\($0)", 5, $0 % 50 == 0 ? .error : .ok), about: Self.account,
                            under: plan)
                    })
            }
            func read(_ filter: ExecutionLog.Filter, limit: Int) async throws -> [String] {
                var ids: [String] = []
                var before: StreamID?
                repeat {
                    let page = try await log.page(of: Self.account, filter, before: before, limit: limit)
                    #expect(page.rows.count <= limit)
                    ids += page.rows.map(\.id)
                    before = page.next
                } while before != nil
                return ids
            }
            let all = (0..<1_250).reversed().map { "e\($0)" }
            for limit in [7, 1_000, 1_250, 5_000] {
                #expect(try await read(ExecutionLog.Filter(), limit: limit) == all)
            }
            let sevens = try await read(ExecutionLog.Filter(function: "f7"), limit: 20)
            #expect(sevens == all.filter { $0.hasSuffix("7") })
            let errors = try await read(ExecutionLog.Filter(outcome: .error), limit: 3)
            #expect(errors == all.filter { Int($0.dropFirst())! % 50 == 0 })
            // By the instant of settlement.
            let rows = try await log.page(of: Self.account, limit: 1_250).rows
            let (first, last) = (rows[900].at, rows[300].at)
            let between = try await read(ExecutionLog.Filter(from: first, to: last), limit: 100)
            #expect(between == rows.filter { $0.at >= first && $0.at < last }.map(\.id))
            #expect(try await read(ExecutionLog.Filter(to: Timestamp(ms: 0)), limit: 5).isEmpty)
            let memory = try server.memory(of: Self.key)
            print("log: 1,250 rows take \(memory) bytes, \(memory / 1_250) each")
        }
    }

    @Test("A log takes little more than its rows, from the first one on", arguments: [1, 2])
    func small(windows: Int) async throws {
        let plan = try Self.plan(windows: windows)
        try await Self.withLog { ledger, log, server in
            for number in 1...100 {
                let id = "run-\(1_000_000_000 + number)"
                _ = try await ledger.ask(Self.admit(id), about: Self.account, under: plan)
                _ = try await ledger.ask(Self.settle(id, 5, .ok), about: Self.account, under: plan)
                guard [1, 2, 10, 100].contains(number) else { continue }
                let memory = try server.memory(of: Self.key)
                print("log: \(number) rows take \(memory) bytes")
                #expect(memory < 1_000 + 100 * number)
                #expect(try await log.page(of: Self.account, limit: 1).rows[0].id == id)
                #expect(try #require(Int(try server.command("PTTL", Self.key))) > Self.days90)
            }
        }
    }
}
