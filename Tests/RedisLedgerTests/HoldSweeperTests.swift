// Executions that are never settled become rows soon after their holds have expired, however many
// accounts have some. This neither blocks Redis nor is forgotten when Redis does not answer.

import Accounting
import LedgerRig
import Logging
import Metrics
import NIOCore
import NIOPosix
import Redis
import RuleTable
import Synchronization
import TestServers
import Testing

@testable import RedisLedger

@Suite("Holds that nobody settles")
struct HoldSweeperTests {
    private static func account(_ number: Int) -> Account { Account("a\(number)")! }

    @Test(
        "What is not settled is due a while after it expired, also while more comes; what is settled is not")
    func watch() {
        var queue = ExpiredHoldQueue()
        let start = NIODeadline.uptimeNanoseconds(1_000_000_000)
        let now = Scenario.beginning
        let (quiet, gone) = (Account("quiet")!, Account("gone")!)
        func admitted(_ account: Account, _ seconds: Int) -> Bool {
            queue.admitted(
                account, expires: now + 1_000 * seconds, expiry: start + .seconds(Int64(seconds)))
        }
        let watched = [admitted(quiet, 60), admitted(gone, 60), admitted(gone, 60), admitted(gone, 70)]
        #expect(watched == [true, true, true, true])
        queue.settled(quiet, expires: now + 60_000)
        queue.settled(gone, expires: now + 60_000)
        queue.settled(Account("somebody")!, expires: now + 60_000)
        // One of each instant is left.
        #expect(queue.count == 2)
        let early = queue.dequeueDue(at: start + .seconds(60 + 4))
        #expect(early.isEmpty)
        let first = queue.dequeueDue(at: start + .seconds(60 + 5))
        #expect(first.map(\.account) == [gone] && first.map(\.holds) == [1] && queue.count == 1)
        let between = queue.dequeueDue(at: start + .seconds(74))
        let second = queue.dequeueDue(at: start + .seconds(75))
        let late = queue.dequeueDue(at: start + .hours(1))
        #expect(between.isEmpty && second.count == 1 && late.isEmpty && queue.count == 0)
        // An admission whose reply was lost: nobody knows what the ledger's clock said.
        let isWatched = queue.admitted(quiet, holds: 2, expires: nil, expiry: start + .seconds(60))
        let unknown = queue.dequeueDue(at: start + .seconds(65))
        #expect(isWatched && unknown.map(\.holds) == [2] && unknown.map(\.expires.ms) == [0])
    }

    @Test("The watch is bounded, and says what it has no room for")
    func crowded() {
        var queue = ExpiredHoldQueue()
        let start = NIODeadline.uptimeNanoseconds(1_000_000_000)
        for number in 0..<ExpiredHoldQueue.maximumEntries {
            let isWatched = queue.admitted(Self.account(number), expires: Scenario.beginning, expiry: start)
            guard isWatched else {
                Issue.record("no room at \(number)")
                return
            }
        }
        let oneMore = queue.admitted(Account("one-more")!, expires: Scenario.beginning, expiry: start)
        let known = queue.admitted(Self.account(0), expires: Scenario.beginning, expiry: start)
        let due = queue.dequeueDue(at: start + .seconds(9))
        #expect(!oneMore && known && due.count == ExpiredHoldQueue.maximumEntries)
    }

    @Test("Rows of 20,000 accounts that fell silent at once are there within 10 s of steps, no call long")
    func manyAccounts() async throws {
        let accounts = 20_000
        let plan = try Plan.serverless()
        let clock = ManualClock()
        try await LedgerRig.withServer(clock: clock) { server, ledger in
            for first in stride(from: 0, to: accounts, by: 1_000) {
                let asks = (first..<first + 1_000).map {
                    Put(.ask("e", 10_000), about: Self.account($0), under: plan)
                }
                _ = try await ledger.receive(asks)
            }
            let grant = Grant(admittedAt: clock.now, durationMs: 10_000)
            clock.advance(byMs: 62_000)
            try server.recordScripts()
            try await SweeperRig.with(server, clock: clock) { rig in
                try await rig.watch((0..<accounts).map(Self.account), grant, under: plan)
                var steps = 0
                try await eventually("every account has its row", within: .seconds(120)) {
                    steps += 1
                    try await rig.step()
                    return try Int(server.command("DBSIZE")) == 2 * accounts
                }
                print("sweeper: \(accounts) accounts took \(steps) steps of 10 ms")
                #expect(steps <= 1_010)
            }
            let usual = try server.medianScriptMicroseconds()
            print("sweeper: a call of \(HoldSweeper.maximumAccounts) accounts takes \(usual) us")
            #expect(usual > 0 && usual < 20_000)
            let key = "stint:{a\(accounts - 1)}"
            #expect(try server.command("HLEN", key) == "2" && server.command("XLEN", key + ":log") == "1")
        }
    }

    @Test("An account with many expired holds is looked through to the end, in bounded calls")
    func oneAccount() async throws {
        let plan = try Plan.serverless()
        let clock = ManualClock()
        let holds = 3_000
        try await LedgerRig.withServer(clock: clock, logRows: 10_000) { server, ledger in
            for first in stride(from: 0, to: holds, by: 500) {
                _ = try await ledger.receive(
                    (first..<first + 500).map {
                        Put(.ask("e\($0)", 10), about: Self.account(1), under: plan)
                    })
            }
            let grant = Grant(admittedAt: clock.now, durationMs: 10)
            clock.advance(byMs: 62_000)
            try await SweeperRig.with(server, clock: clock) { rig in
                try await rig.watch([Self.account(1)], grant, under: plan)
                try await eventually("every hold has its row", within: .seconds(60)) {
                    try await rig.step()
                    return try server.command("XLEN", "stint:{a1}:log") == "\(holds)"
                }
            }
            #expect(try server.command("HLEN", "stint:{a1}") == "2")
        }
    }

    @Test(
        "Where no row will ever be written holds go and what is lost is counted; one that cannot look fails",
        arguments: ["-xadd", "-pexpire", "-hscan"])
    func withoutRight(_ rule: String) async throws {
        let plan = try Plan.serverless()
        let clock = ManualClock()
        try await LedgerRig.withServer(clock: clock) { server, ledger in
            _ = try await ledger.receive(
                (0..<100).map { Put(.ask("e\($0)", 10), about: Self.account(1), under: plan) })
            let grant = Grant(admittedAt: clock.now, durationMs: 10)
            clock.advance(byMs: 62_000)
            try await SweeperRig.with(server, clock: clock) { rig in
                try await rig.watch([Self.account(1)], grant, under: plan)
                try server.command("ACL", "SETUSER", "default", rule)
                try await rig.step()
                if rule == "-hscan" {
                    #expect(try await rig.failures == 1)
                    #expect(try rig.rowsLost == 0 && server.command("HLEN", "stint:{a1}") == "102")
                } else {
                    #expect(try await rig.failures == 0)
                    #expect(try rig.rowsLost == 100 && server.command("HLEN", "stint:{a1}") == "2")
                }
            }
        }
    }

    @Test("Holds that the server's clock does not take for expired are looked for again, when it does")
    func clockBehind() async throws {
        let plan = try Plan.serverless()
        let clock = ManualClock()
        try await LedgerRig.withServer(clock: clock) { server, ledger in
            _ = try await ledger.ask(.ask("e", 10_000), about: Self.account(1), under: plan)
            let grant = Grant(admittedAt: clock.now, durationMs: 10_000)
            clock.advance(byMs: 30_000)
            try await SweeperRig.with(server, clock: clock) { rig in
                try await rig.watch([Self.account(1)], grant, under: plan)
                try await rig.step()
                #expect(try server.command("HLEN", "stint:{a1}") == "3")
                clock.advance(byMs: 60_000)
                try await rig.step(at: .now() + .seconds(30))
                #expect(try server.command("HLEN", "stint:{a1}") == "3", "asked too early")
                try await rig.step(at: .now() + .seconds(60))
                #expect(try server.command("HLEN", "stint:{a1}") == "2")
                #expect(try server.command("XLEN", "stint:{a1}:log") == "1")
            }
        }
    }

    @Test("While Redis refuses rows holds stay, and become rows when it takes them again")
    func refused() async throws {
        let plan = try Plan.serverless()
        let clock = ManualClock()
        try await LedgerRig.withServer(clock: clock) { server, ledger in
            _ = try await ledger.ask(.ask("e", 10_000), about: Self.account(1), under: plan)
            let grant = Grant(admittedAt: clock.now, durationMs: 10_000)
            clock.advance(byMs: 62_000)
            try await SweeperRig.with(server, clock: clock) { rig in
                try await rig.watch([Self.account(1)], grant, under: plan)
                try server.command("CONFIG", "SET", "maxmemory", "1")
                try await eventually("the call failed") {
                    try await rig.step()
                    return try await rig.failures > 0
                }
                #expect(try server.command("HLEN", "stint:{a1}") == "3")
                #expect(rig.rowsLost == 0)
                try server.command("CONFIG", "SET", "maxmemory", "0")
                try await eventually("the row is there", within: .seconds(60)) {
                    try await rig.step()
                    return try server.command("EXISTS", "stint:{a1}:log") == "1"
                }
                #expect(try server.command("HLEN", "stint:{a1}") == "2")
                #expect(try await rig.failures == 0)
            }
        }
    }

    @Test("A move from a plan with a long window to a short one does not keep expired holds for the long one")
    func shorterPlan() async throws {
        func plan(_ windowMs: Int) throws -> Plan {
            try Plan(
                name: "p",
                limits: [Limit(name: "l", meter: .executions, amount: 1_000_000, windowMs: windowMs)])
        }
        let (long, short) = (try plan(2_678_400_000), try plan(60_000))
        let clock = ManualClock()
        let account = Self.account(1)
        try await LedgerRig.withServer(clock: clock, logRows: 100_000) { server, ledger in
            _ = try await ledger.ask(.ask("long", 10), about: account, under: long)
            let stay = try #require(Int(try server.command("PTTL", "stint:{a1}")))
            var most = 0
            for second in 0..<600 {
                clock.advance(byMs: 1_000)
                _ = try await ledger.receive(
                    (0..<10).map { Put(.ask("e\(second)-\($0)", 10), about: account, under: short) })
                most = max(most, try #require(Int(try server.command("HLEN", "stint:{a1}"))))
            }
            print(
                "sweeper: at most \(most) of 6,000 abandoned holds were kept after a move to a short window"
            )
            #expect(most >= 600 && most < 1_800)
            // What was charged under the long window is kept as long as it counts.
            #expect(try #require(Int(try server.command("PTTL", "stint:{a1}"))) > stay - 700_000)
            let peek = try await ledger.ask(.peek, about: account, under: long)
            #expect(peek.usage.map(\.executions) == [1])
        }
    }
}

/// A sweeper with a link of its own, whose steps the test takes.
private struct SweeperRig: Sendable {
    private let loop: any EventLoop
    private let parts: NIOLoopBound<Parts>
    private let lost: Lost

    private struct Parts {
        let sweeper: HoldSweeper
        let topology: Topology
        let facts: ServerFacts
    }

    /// Rows that the sweeper said are lost.
    private final class Lost: Sendable {
        let rows = Atomic(0)
    }

    static func with(
        _ server: RedisServer, clock: ManualClock, _ body: (SweeperRig) async throws -> Void
    ) async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let loop = group.next()
        var settings = RedisSettings(url: try RedisURL(server.url))
        settings.commandDeadline = .seconds(20)
        let ready = settings
        let keys = try #require(LedgerKeys(prefix: "stint:"))
        let lost = Lost()
        let parts = try await loop.submit {
            let logger = Logger(label: "sweeper", factory: { _ in SwiftLogNoOpLogHandler() })
            let scripts = ScriptLoader(logRows: 100_000, logger: logger)
            let facts = ServerFacts(logger: logger)
            let topology = Topology(
                eventLoop: loop, settings: ready, logger: logger, metrics: NOOPMetricsHandler.instance
            ) { link in
                scripts.load(over: link)
                facts.ask(over: link)
            }
            let sweeper = HoldSweeper(
                eventLoop: loop, topology: topology, script: scripts.sweep, facts: facts, keys: keys,
                logRows: 100_000, metrics: NOOPMetricsHandler.instance, clock: { clock.now },
                lostRows: { lost.rows.add($0, ordering: .relaxed) })
            topology.start()
            return NIOLoopBound(
                Parts(sweeper: sweeper, topology: topology, facts: facts), eventLoop: loop)
        }.get()
        let rig = SweeperRig(loop: loop, parts: parts, lost: lost)
        do {
            try await eventually("the server has said that it has all accounts") {
                try await loop.submit { parts.value.facts.hasAllAccounts }.get()
            }
            try await body(rig)
        } catch {
            try await rig.close()
            try await group.shutdownGracefully()
            throw error
        }
        try await rig.close()
        try await group.shutdownGracefully()
    }

    private func close() async throws {
        try await loop.flatSubmit { [parts] in parts.value.topology.close() }.get()
    }

    /// Has the sweeper hear that accounts were admitted something, whose holds are due by now.
    func watch(_ accounts: [Account], _ grant: Grant, under plan: Plan) async throws {
        try await loop.submit { [parts] in
            for account in accounts {
                parts.value.sweeper.admitted(account, grant, under: plan, since: .now() - .seconds(75))
            }
        }.get()
    }

    /// One step, until all that it asked is answered.
    func step(at now: NIODeadline = .now()) async throws {
        try await loop.submit { [parts] in parts.value.sweeper.step(at: now) }.get()
        try await eventually("the calls are answered", within: .seconds(30)) {
            try await loop.submit { [parts] in parts.value.sweeper.callsUnderWay == 0 }.get()
        }
    }

    var rowsLost: Int { lost.rows.load(ordering: .relaxed) }

    /// Accounts that wait to be tried again.
    var failures: Int {
        get async throws { try await loop.submit { [parts] in parts.value.sweeper.failed.count }.get() }
    }
}
