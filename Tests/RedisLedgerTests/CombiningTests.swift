// How questions are combined: those of one account in one call, those of a tick in one write, and
// never too many.

import Accounting
import LedgerRig
import RuleTable
import TestServers
import Testing

@Suite("Questions that travel together")
struct CombiningTests {
    private static let plan = try! Plan.serverless()

    private static func puts(_ count: Int, of accounts: Int) -> [Put] {
        (0..<count).map { number in
            Put(.ask("e\(number)", 10), about: Account("a\(number % accounts)")!, under: plan)
        }
    }

    /// The calls and the reads that `body` cost the server, by its own count.
    private static func cost(
        of server: RedisServer, _ body: () async throws -> Void
    ) async throws -> (calls: Int, reads: Int) {
        let before = (try server.calls, try server.reads)
        try await body()
        return (try server.calls - before.0, try server.reads - before.1)
    }

    @Test(
        "Questions of one account in one tick are one call",
        arguments: [(1, 1), (2, 1), (64, 1), (65, 2), (300, 5)])
    func combines(_ questions: Int, _ calls: Int) async throws {
        try await RedisServer.withServer { server in
            try await LedgerRig.withRedis(server.url) { ledger in
                _ = try await ledger.receive(Self.puts(1, of: 1))
                let cost = try await Self.cost(of: server) {
                    let received = try await ledger.receive(Self.puts(questions, of: 1))
                    #expect(received.map(\.order) == Array(0..<questions))
                    #expect(received.allSatisfy { $0.answer != nil })
                }
                #expect(cost.calls == calls)
            }
        }
    }

    @Test("Questions of several accounts in one tick share calls, and are one write")
    func writesOnce() async throws {
        try await RedisServer.withServer { server in
            try await LedgerRig.withRedis(server.url) { ledger in
                _ = try await ledger.receive(Self.puts(20, of: 20))
                let still = try await Self.cost(of: server) {}
                let cost = try await Self.cost(of: server) {
                    _ = try await ledger.receive(Self.puts(60, of: 20))
                }
                // 16 accounts, and the other four.
                #expect(cost.calls == 2)
                #expect(cost.reads - still.reads == 1)
            }
        }
    }

    @Test("A server that belongs to a cluster is asked about one account in a call")
    func asksClusterApart() async throws {
        let options = RedisServer.Options(
            tcp: true, config: ["cluster-enabled yes", "cluster-port \(try freePort())"])
        try await RedisServer.withServer(options) { server in
            try server.command("CLUSTER", "ADDSLOTSRANGE", "0", "16383")
            try await eventually("the cluster serves") {
                try server.command("CLUSTER", "INFO").contains("cluster_state:ok")
            }
            try await LedgerRig.withRedis("redis+cluster://127.0.0.1:\(server.port)/") { ledger in
                let cost = try await Self.cost(of: server) {
                    let received = try await ledger.receive(Self.puts(60, of: 20))
                    #expect(received.allSatisfy { $0.answer != nil })
                }
                #expect(cost.calls == 20)
            }
        }
    }

    @Test("Cells that a call may walk are few: with 1,000 in a window, four questions travel together")
    func walksFewCells() async throws {
        let limit = try Limit(name: "l", meter: .executions, amount: 9, windowMs: 60_000, cells: 1_000)
        let plan = try Plan(name: "p", limits: [limit])
        try await RedisServer.withServer { server in
            try await LedgerRig.withRedis(server.url) { ledger in
                _ = try await ledger.receive(Self.puts(1, of: 1))
                let cost = try await Self.cost(of: server) {
                    let received = try await ledger.receive(
                        (0..<10).map { Put(.ask("e\($0)", 10), about: Account("a")!, under: plan) })
                    #expect(received.map(\.order) == Array(0..<10))
                    #expect(received.count { $0.admitted } == 9)
                }
                #expect(cost.calls == 3)
            }
        }
    }

    @Test("What is more than a socket takes at once is sent once all the same")
    func writesMuchOnce() async throws {
        try await RedisServer.withServer { server in
            try await LedgerRig.withRedis(server.url) { ledger in
                let accounts = (0..<500).map { Account("a\($0)")! }
                let puts = accounts.flatMap { account in
                    (0..<10).map { number in
                        let id = ExecutionID("e\(number)")!
                        let ask = Ask(id: id, isNew: true, durationMs: 10, minimumMs: 1)
                        return Put(.admit(ask), about: account, under: Self.plan)
                    }
                }
                let cost = try await Self.cost(of: server) {
                    let received = try await ledger.receive(puts)
                    #expect(received.allSatisfy { $0.answer != nil })
                }
                // Six accounts with ten questions each, and four of a seventh's: 64.
                #expect(cost.calls == 79)
                let peeks = try await ledger.receive(accounts.map { Put(.peek, about: $0, under: Self.plan) })
                #expect(peeks.allSatisfy { $0.answer?.usage[0].executions == 10 })
            }
        }
    }

    @Test("Questions of different ticks do not wait for each other")
    func doesNotWait() async throws {
        try await RedisServer.withServer { server in
            try await LedgerRig.withRedis(server.url) { ledger in
                _ = try await ledger.receive(Self.puts(1, of: 1))
                let cost = try await Self.cost(of: server) {
                    for _ in 0..<10 { _ = try await ledger.receive(Self.puts(3, of: 1)) }
                }
                #expect(cost.calls == 10)
            }
        }
    }

    @Test("A server that forgets the script is reminded, and no question notices")
    func remindsOfScript() async throws {
        try await RedisServer.withServer { server in
            try await LedgerRig.withRedis(server.url) { ledger in
                for round in 1...5 {
                    try server.command("SCRIPT", "FLUSH")
                    let received = try await ledger.receive(Self.puts(200, of: 2))
                    #expect(received.allSatisfy { $0.answer != nil })
                    let held = round > 1
                    #expect(
                        received.allSatisfy {
                            if case .held? = $0.answer?.verdict { held } else { !held }
                        })
                }
                let peek = try await ledger.ask(.peek, about: Account("a0")!, under: Self.plan)
                #expect(peek.usage[0].executions == 100)
            }
        }
    }
}

extension Received {
    fileprivate var admitted: Bool {
        if case .admitted? = answer?.verdict { true } else { false }
    }
}

extension RedisServer {
    /// How many calls of the script the server has carried out.
    fileprivate var calls: Int {
        get throws {
            try command("INFO", "commandstats").split(whereSeparator: \.isNewline).reduce(0) { sum, line in
                guard line.hasPrefix("cmdstat_eval"), let count = line.firstMatch(of: /calls=(\d+)/) else {
                    return sum
                }
                return sum + (Int(count.1) ?? 0)
            }
        }
    }

    /// How often the server has read from a socket.
    fileprivate var reads: Int {
        get throws {
            let match = try command("INFO", "stats").firstMatch(of: /total_reads_processed:(\d+)/)
            return try #require(match.flatMap { Int($0.1) })
        }
    }
}
