// Answers that count only once replicas have the charge: with real replicas that keep up, stand
// still, are missing, or take over.

import Accounting
import Glibc
import LedgerRig
import Redis
import RuleTable
import TestServers
import Testing

@Suite("Acknowledged charges", .serialized)
struct AcknowledgementTests {
    private static let account = Account("acme")!

    private static func plan() throws -> Plan {
        try Plan(
            name: "p",
            limits: [Limit(name: "executions", meter: .executions, amount: 100_000, windowMs: 3_600_000)])
    }

    /// Gives `body` a primary, its replica, and a ledger on the primary.
    private static func withReplica(
        acknowledging count: Int, deadline: Duration = .milliseconds(600),
        _ body: (RedisServer, RedisServer, LedgerRig) async throws -> Void
    ) async throws {
        try await RedisServer.withServer(RedisServer.Options(tcp: true)) { primary in
            let options = RedisServer.Options(config: ["replicaof 127.0.0.1 \(primary.port)"])
            try await RedisServer.withServer(options) { replica in
                try await eventually("the replica follows") {
                    try replica.command("INFO", "replication").contains("master_link_status:up")
                }
                try await LedgerRig.withRedis(
                    primary.url,
                    settings: {
                        $0.acknowledgingReplicas = count
                        $0.commandDeadline = deadline
                    }
                ) { try await body(primary, replica, $0) }
            }
        }
    }

    @Test("What is answered is on the replica at that moment")
    func acknowledged() async throws {
        let plan = try Self.plan()
        try await Self.withReplica(acknowledging: 1, deadline: .seconds(10)) { _, replica, ledger in
            for number in 0..<50 {
                let account = Account("a\(number)")!
                let received = try await ledger.receive(
                    (0..<4).map { Put(.ask("e\($0)", 10), about: account, under: plan) })
                #expect(received.allSatisfy { $0.answer != nil })
                #expect(try replica.command("HEXISTS", "{a\(number)}", "e3") == "1", "\(account)")
            }
        }
    }

    @Test("A replica that stands still: unknown outcome with the count, and well again when it goes on")
    func standstill() async throws {
        let plan = try Self.plan()
        try await Self.withReplica(acknowledging: 1) { _, replica, ledger in
            _ = try await ledger.ask(.ask("first", 10), about: Self.account, under: plan)
            replica.kill(SIGSTOP)
            let one = try await ledger.receive([Put(.ask("second", 10), about: Self.account, under: plan)])[0]
            guard case .failure(.outcomeUnknown(let reason)) = one.result else {
                Issue.record("\(one.result)")
                return
            }
            #expect(reason == "0 of 1 replicas acknowledged the charge within 400 ms")
            #expect(one.after < .seconds(2))
            replica.kill(SIGCONT)
            try await eventually("charges are acknowledged again") {
                let put = Put(.ask("second", 10), about: Self.account, under: plan)
                return try await ledger.receive([put])[0].answer != nil
            }
            let peek = try await ledger.ask(.peek, about: Self.account, under: plan)
            #expect(peek.usage[0].executions == 2, "the repetition is not charged again")
        }
    }

    /// A client repeats an admission at another process, or after a reconnect. Servers since Redis
    /// 7.2 answer `WAIT` at once on a connection that has written nothing.
    @Test("An admission repeated over another connection is answered only when the replica has its charge")
    func repeatedElsewhere() async throws {
        let plan = try Self.plan()
        try await Self.withReplica(acknowledging: 1) { primary, replica, ledger in
            let change: (inout RedisSettings) -> Void = {
                $0.acknowledgingReplicas = 1
                $0.commandDeadline = .milliseconds(600)
            }
            try await LedgerRig.withRedis(primary.url, settings: change) { other in
                replica.kill(SIGSTOP)
                let put = Put(.ask("e", 10), about: Self.account, under: plan)
                let first = try await ledger.receive([put])[0]
                #expect(first.isUnknown, "\(first.result)")
                let writes = try Self.writes(primary)
                let second = try await other.receive([put])[0]
                #expect(second.isUnknown, "\(second.result)")
                // So it is with every server, also those that would wait without it.
                #expect(try Self.writes(primary) == writes + 1)
                replica.kill(SIGCONT)
                try await eventually("it is acknowledged") { try await other.receive([put])[0].answer != nil }
                #expect(try replica.command("HEXISTS", "{acme}", "e") == "1")
                let peek = try await other.ask(.peek, about: Self.account, under: plan)
                #expect(peek.usage[0].executions == 1)
            }
        }
    }

    /// How often a server has run HSET.
    private static func writes(_ server: RedisServer) throws -> Int {
        let stats = try server.command("INFO", "commandstats")
        guard let found = stats.firstMatch(of: /cmdstat_hset:calls=(\d+)/) else { return 0 }
        return Int(found.output.1) ?? 0
    }

    @Test("More replicas than there are: nothing is answered, and nothing is denied for it")
    func missing() async throws {
        let plan = try Self.plan()
        try await Self.withReplica(acknowledging: 2) { _, _, ledger in
            let one = try await ledger.receive([Put(.ask("e", 10), about: Self.account, under: plan)])[0]
            guard case .failure(.outcomeUnknown(let reason)) = one.result else {
                Issue.record("\(one.result)")
                return
            }
            #expect(reason == "1 of 2 replicas acknowledged the charge within 400 ms")
        }
    }

    @Test("A primary is killed under load: its replica has every charge that was answered")
    func failover() async throws {
        let options = RedisCluster.Options(primaries: 3, replicas: 2).with { $0.requiresFullCoverage = false }
        try await RedisCluster.withCluster(options) { cluster in
            let plan = try Self.plan()
            let slot = KeySlot.of(tag: Self.account.name.utf8)
            let victim = try cluster.primary(ofSlot: slot)
            let hosts = cluster.nodes.indices.map { "127.0.0.1:\(cluster.port(of: $0))" }
            try await LedgerRig.withRedis(
                "redis+cluster://\(hosts.joined(separator: ","))/",
                settings: {
                    $0.acknowledgingReplicas = 1
                    $0.commandDeadline = .milliseconds(500)
                }
            ) { ledger in
                var (answered, asked) = ([String](), 0)
                func ask(_ count: Int) async throws -> Int {
                    let ids = (asked..<asked + count).map { "e\($0)" }
                    asked += count
                    let puts = ids.map { Put(.ask($0, 10), about: Self.account, under: plan) }
                    let good = zip(ids, try await ledger.receive(puts)).filter { $0.1.answer != nil }.map(\.0)
                    answered += good
                    return good.count
                }
                for _ in 0..<50 { _ = try await ask(20) }
                cluster.nodes[victim].kill(SIGKILL)
                try await eventually("the account is decided about again", within: .seconds(20)) {
                    try await ask(20) > 0
                }
                let peek = try await ledger.ask(.peek, about: Self.account, under: plan)
                #expect(peek.usage[0].executions >= answered.count)
                let again = try await ledger.receive(
                    answered.map { Put(.ask($0, 10), about: Self.account, under: plan) })
                let lost = zip(answered, again).filter { pair in
                    guard case .held? = pair.1.answer?.verdict else { return true }
                    return false
                }
                print(
                    "acknowledged: \(answered.count) of \(asked) answered, \(lost.count) lost in the failover"
                )
                #expect(lost.isEmpty)
            }
        }
    }
}
