// What the ledger keeps in Redis: how much, and for how long. Nothing may stay for ever, nothing
// may expire before the rule allows it, and no traffic may make an account large.

import Accounting
import LedgerRig
import RedisLedger
import RuleTable
import SeededChance
import TestServers
import Testing

@Suite("The state of an account in Redis")
struct StateTests {
    private static let account = Account("acct-4711")!

    @Test(
        "An account ledger of the default plan takes at most 3 KiB beside its holds, however busy the account is"
    )
    func pageIsSmall() async throws {
        let plan = try Plan.serverless()
        let clock = ManualClock()
        try await RedisServer.withServer { server in
            try await LedgerRig.withRedis(server.url, prefix: "stint:", clock: clock) { ledger in
                var random = SeededGenerator(seed: 1)
                var largest = 0
                for second in 0..<200 {
                    let ids = (0..<8).map { _ in ExecutionID(using: &random) }
                    for question in ids.map({ Question.ask($0.name, random.number(in: 0...10_000)) })
                        + ids.map({ .settle($0, durationMs: random.number(in: 0...10_000)) })
                    {
                        _ = try await ledger.ask(question, about: Self.account, under: plan)
                    }
                    clock.advance(byMs: random.once(in: 10) ? 7_000 : 997)
                    if second % 20 == 19 {
                        largest = max(largest, try server.memory(of: "stint:{acct-4711}"))
                    }
                }
                print("state: the default plan's page takes \(largest) bytes beside its holds")
                #expect(largest > 500 && largest <= 3_072)
            }
        }
    }

    @Test("A hold takes at most 160 bytes", arguments: [100, 6_000])
    func holdIsSmall(_ count: Int) async throws {
        let plan = try Plan.serverless()
        try await RedisServer.withServer { server in
            try await LedgerRig.withRedis(server.url, prefix: "stint:", clock: ManualClock()) { ledger in
                var random = SeededGenerator(seed: 2)
                let key = "stint:{acct-4711}"
                func hold(_ count: Int) async throws {
                    let puts = (0..<count).map { _ in
                        let ask = Ask(
                            id: ExecutionID(using: &random), isNew: true, durationMs: 100, minimumMs: 1)
                        return Put(.admit(ask), about: Self.account, under: plan)
                    }
                    _ = try await ledger.receive(puts)
                }
                try await hold(1)
                let one = try server.memory(of: key)
                try await hold(count - 1)
                // Beside the holds the account ledger has its own field and its window's.
                #expect(try server.command("HLEN", key) == "\(count + 2)")
                let all = try server.memory(of: key)
                print("state: 1 hold takes \(one) bytes, \(count) take \(all), \(all / count) each")
                #expect(one <= 512 && all / count <= 160)
            }
        }
    }

    @Test("Every key has a time to live, as long as the rule needs it and not much longer", arguments: 1...4)
    func livesLongEnough(seed: Int) async throws {
        let clock = ManualClock()
        try await RedisServer.withServer { server in
            try await LedgerRig.withRedis(server.url, clock: clock) { ledger in
                var traffic = try HoldingTraffic(seed: seed)
                for _ in 0..<60 {
                    clock.advance(byMs: traffic.pause())
                    for question in traffic.questions() {
                        let answer = try await ledger.ask(question, about: Self.account, under: traffic.plan)
                        traffic.receive(answer, to: question)
                    }
                    for key in try server.command("KEYS", "*").split(separator: "\n").map(String.init) {
                        let ttl = try #require(Int(try server.command("PTTL", key)))
                        let need = traffic.need(at: clock.now)
                        #expect(
                            ttl > 0 && ttl >= need + 5_000, "seed \(seed): \(key) lives \(ttl), not \(need)")
                        #expect(ttl <= traffic.longestStayMs + 10_000, "seed \(seed): \(key) lives \(ttl)")
                    }
                }
            }
        }
    }

    @Test("A denial and a peek leave every byte of the account as it was", arguments: 1...8)
    func denialWritesNothing(seed: Int) async throws {
        let clock = ManualClock()
        var (denials, peeks) = (0, 0)
        try await RedisServer.withServer { server in
            try await LedgerRig.withRedis(server.url, clock: clock) { ledger in
                var traffic = try HoldingTraffic(seed: seed)
                for round in 0..<40 {
                    clock.advance(byMs: traffic.pause())
                    for question in traffic.questions() {
                        let answer = try await ledger.ask(question, about: Self.account, under: traffic.plan)
                        traffic.receive(answer, to: question)
                    }
                    // Cells that have left by now are gone with the questions above.
                    let before = try server.everything()
                    for question in [Question.ask("denied-\(round)", 10), .peek] {
                        let answer = try await ledger.ask(
                            question, about: Self.account, under: traffic.closed)
                        if case .denied = answer.verdict { denials += 1 }
                        if answer.verdict == .peeked { peeks += 1 }
                    }
                    #expect(try server.everything() == before, "seed \(seed), round \(round)")
                }
            }
        }
        #expect(denials == 40 && peeks == 40)
    }

    @Test("Expired holds of vanished runners do not gather in a busy account")
    func sweepsHolds() async throws {
        let plan = try Plan(
            name: "p", limits: [Limit(name: "l", meter: .executions, amount: 6_000, windowMs: 60_000)])
        let clock = ManualClock()
        try await RedisServer.withServer { server in
            try await LedgerRig.withRedis(server.url, clock: clock) { ledger in
                var most = 0
                for second in 0..<600 {
                    let puts = (0..<10).map {
                        Put(.ask("e\(second)-\($0)", 1_000), about: Self.account, under: plan)
                    }
                    _ = try await ledger.receive(puts)
                    clock.advance(byMs: 1_000)
                    if second % 10 == 0 {
                        most = max(most, try #require(Int(try server.command("HLEN", "{acct-4711}"))))
                    }
                }
                // 610 of them have not expired, and as many may have since they were last looked
                // through.
                print("state: at most \(most) of 6,000 abandoned holds were kept at a time, 610 count")
                #expect(most >= 600 && most <= 1_800)
            }
        }
    }
}

extension RedisServer {
    func memory(of key: String) throws -> Int {
        try #require(Int(try command("MEMORY", "USAGE", key, "SAMPLES", "0")))
    }
}

/// Random traffic that knows what must still be kept, from the rule's sentences.
private struct HoldingTraffic {
    let plan: Plan
    private var random: SeededGenerator
    private var holds: [ExecutionID: (grant: Grant, expires: Timestamp)] = [:]
    private var lastCharge: Timestamp?
    private var count = 0

    init(seed: Int) throws {
        random = SeededGenerator(seed: seed)
        let windows = [(1_000, 10), (60_000, 60), (3_600_000, 1), (86_400_000, 1_000)]
        plan = try Plan(
            name: "p",
            limits: (0..<2).map { index in
                let (windowMs, cells) = windows[(seed + index) % windows.count]
                return try Limit(
                    name: "l\(index)", meter: .executions, amount: 20, windowMs: windowMs, cells: cells)
            })
    }

    /// The same windows, and nothing is admitted.
    var closed: Plan {
        try! Plan(
            name: "closed",
            limits: plan.limits.map {
                try! Limit(
                    name: $0.name, meter: $0.meter, amount: 0, windowMs: $0.window.lengthMs,
                    cells: $0.window.cells)
            })
    }

    /// A window and a cell, or the longest execution asked for and 30 s, and once more to renew it
    /// more seldom.
    var longestStayMs: Int {
        let stay = plan.windows.map { $0.lengthMs + ($0.lengthMs + $0.cells - 1) / $0.cells }.max()!
        return max(stay, 150_000) + stay
    }

    mutating func pause() -> Int {
        random.pick([0, 1, 50, 999, 1_000, 1_001, 30_000, 61_000, plan.windows[0].lengthMs])
    }

    mutating func questions() -> [Question] {
        (0..<random.number(in: 1...4)).map { _ in
            if random.once(in: 3), let id = holds.keys.min(by: { $0.name < $1.name }) {
                return .settle(id, durationMs: random.number(in: 0...50_000))
            }
            count += 1
            return .ask("e\(count)", random.pick([0, 10, 10_000, 120_000]))
        }
    }

    mutating func receive(_ answer: Answer, to question: Question) {
        switch (answer.verdict, question) {
        case (.admitted(let grant), .admit(let ask)):
            let stay = plan.windows.map(\.lengthMs).max()!
            holds[ask.id] = (grant, grant.admittedAt + max(stay, grant.durationMs + 30_000))
            lastCharge = grant.admittedAt
        case (_, .settle(let id, _, _)): holds[id] = nil
        default: break
        }
    }

    /// For how long the account ledger must still be there, in ms.
    func need(at now: Timestamp) -> Int {
        let longest = plan.windows.map(\.lengthMs).max()!
        let charge = lastCharge.map { $0 + longest - now } ?? 0
        return max(0, holds.values.reduce(charge) { max($0, $1.expires - now) })
    }
}
