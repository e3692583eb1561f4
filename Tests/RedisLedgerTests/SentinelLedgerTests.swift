// The ledger on a primary that real sentinels watch: failovers by hand, by SIGKILL and by SIGSTOP,
// and a former primary that goes on.

import Accounting
import Glibc
import LedgerRig
import Redis
import RuleTable
import TestServers
import Testing

@Suite("The ledger with sentinels", .serialized, .timeLimit(.minutes(3)))
struct SentinelLedgerTests {
    private static let account = Account("acme")!
    private static let key = "{acme}"

    private static func plan() throws -> Plan {
        try Plan(
            name: "p",
            limits: [Limit(name: "executions", meter: .executions, amount: 100_000, windowMs: 3_600_000)])
    }

    /// Sentinels, and a ledger on the primary that they name.
    /// - Parameter deadHosts: are in the URL before the sentinels.
    private func withLedger(
        deadHosts: [String] = [], _ body: (RedisSentinels, SentinelLedger) async throws -> Void
    ) async throws {
        try await RedisSentinels.withSentinels { rig in
            let hosts = deadHosts + rig.sentinelPorts.map { "127.0.0.1:\($0)" }
            let plan = try Self.plan()
            try await LedgerRig.withRedis(
                "redis+sentinel://\(hosts.joined(separator: ","))/\(RedisSentinels.name)",
                settings: {
                    $0.commandDeadline = .milliseconds(200)
                    $0.connectDeadline = .milliseconds(200)
                }
            ) { try await body(rig, SentinelLedger(ledger: $0, account: Self.account, plan: plan)) }
        }
    }

    /// Waits until all servers that go on have what the primary has of the account.
    private func replicated(_ rig: RedisSentinels) async throws {
        try await eventually("the replicas have all") {
            // Each has the fields in an order of its own.
            let all = try rig.indicesGoingOn.map {
                try rig.nodes[$0].command("HGETALL", Self.key).split(separator: "\n").sorted()
            }
            return Set(all).count == 1
        }
    }

    /// How many calls of scripts a server has run for clients.
    private static func calls(_ server: RedisServer) throws -> Int {
        try server.command("INFO", "commandstats").split(separator: "\r\n").reduce(0) { sum, line in
            guard let found = line.firstMatch(of: /^cmdstat_eval(?:sha)?:calls=(\d+)/) else { return sum }
            return sum + (Int(found.output.1) ?? 0)
        }
    }

    /// The primary that works takes charges until a sentinel has seen the replica promoted, and
    /// those are lost; unless its writes pause, as docs/OPERATIONS.md says.
    @Test(
        "Decided again after a failover by hand, by the replica that was promoted",
        arguments: [false, true])
    func failover(pausesWrites: Bool) async throws {
        try await withLedger(deadHosts: ["127.0.0.1:1"]) { rig, ledger in
            _ = try await ledger.ask("before", times: 20)
            try await replicated(rig)
            if pausesWrites { try rig.nodes[0].command("CLIENT", "PAUSE", "5000", "WRITE") }
            let began = ContinuousClock.now
            async let replaced = rig.failover()
            var last = began
            var gap = Duration.zero
            try await eventually("another server decides", within: .seconds(20)) {
                guard try await ledger.ask("after", times: 1) > 0 else { return false }
                gap = max(gap, last.duration(to: .now))
                last = .now
                return try rig.nodes.indices.contains { try $0 != 0 && Self.calls(rig.nodes[$0]) > 0 }
            }
            let back = began.duration(to: .now)
            let primary = try await replaced
            #expect(try Self.calls(rig.nodes[primary]) > 0)
            try await replicated(rig)
            let count = try await ledger.count()
            let lost = ledger.certain - count
            print(
                "sentinel, by hand\(pausesWrites ? " with writes paused" : ""): decided by another server \(back) "
                    + "after, longest gap \(gap), lost \(lost) of \(ledger.certain) charges")
            #expect(pausesWrites ? lost == 0 : lost >= 0)
        }
    }

    @Test("Decided again after SIGKILL of the primary; nothing that replicas had is lost")
    func killed() async throws {
        try await withLedger { rig, ledger in
            _ = try await ledger.ask("before", times: 20)
            try await replicated(rig)
            rig.nodes[0].kill(SIGKILL)
            let began = ContinuousClock.now
            async let replaced = rig.untilReplaced(0)
            try await eventually("it is decided again", within: .seconds(20)) {
                try await ledger.ask("after", times: 1) > 0
            }
            let back = began.duration(to: .now)
            let primary = try await replaced
            print(
                "sentinel, SIGKILL: decided again \(back) after, known to all \(began.duration(to: .now)) after"
            )
            #expect(try Self.calls(rig.nodes[primary]) > 0)
            #expect(try await ledger.count() == ledger.certain)
        }
    }

    @Test("A primary that stood still and goes on gets no charge that counts")
    func stopped() async throws {
        try await withLedger { rig, ledger in
            _ = try await ledger.ask("before", times: 20)
            try await replicated(rig)
            rig.nodes[0].kill(SIGSTOP)
            let began = ContinuousClock.now
            async let replaced = rig.untilReplaced(0)
            try await eventually("it is decided again", within: .seconds(20)) {
                try await ledger.ask("after", times: 1) > 0
            }
            print("sentinel, SIGSTOP: decided again \(began.duration(to: .now)) after")
            let primary = try await replaced
            rig.nodes[0].kill(SIGCONT)
            // What lay in its sockets it has read before this connection was accepted.
            #expect(try rig.nodes[0].command("PING") == "PONG")
            let before = try Self.calls(rig.nodes[0])
            var rounds = 0
            try await eventually("the former primary is a replica") {
                rounds += 1
                _ = try await ledger.ask("meanwhile", times: 10)
                return try rig.nodes[0].command("ROLE").hasPrefix("slave")
            }
            #expect(try await ledger.ask("later", times: 50) == 50)
            #expect(try Self.calls(rig.nodes[0]) == before, "\(rounds) rounds")
            #expect(try Self.calls(rig.nodes[primary]) > 0)
            try await rig.untilReady()
            try await replicated(rig)
            #expect(try await ledger.count() == ledger.certain)
        }
    }
}

/// Asks about one account, and counts what must have been charged and what may have been.
private final class SentinelLedger {
    private let ledger: LedgerRig
    private let account: Account
    private let plan: Plan
    private var asked = 0
    /// Admitted, as far as replies say.
    private(set) var certain = 0

    init(ledger: LedgerRig, account: Account, plan: Plan) {
        self.ledger = ledger
        self.account = account
        self.plan = plan
    }

    /// Puts asks in one tick.
    /// - Returns: how many were admitted.
    func ask(_ name: String, times: Int) async throws -> Int {
        let puts = (0..<times).map { Put(.ask("\(name)-\(asked + $0)", 10), about: account, under: plan) }
        asked += times
        let received = try await ledger.receive(puts)
        let admitted = received.count { if case .admitted? = $0.answer?.verdict { true } else { false } }
        certain += admitted
        return admitted
    }

    /// The charged executions, as the ledger has them.
    func count() async throws -> Int {
        var count: Int?
        try await eventually("it answers") {
            count = try await ledger.receive([Put(.peek, about: account, under: plan)])[0].answer?.usage[0]
                .executions
            return count != nil
        }
        return count ?? -1
    }
}
