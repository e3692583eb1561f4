// The ledger on a real Redis Cluster: every account at its node, slots that move while they are
// asked about, and a primary that is replaced by its replica.

import Accounting
import Glibc
import LedgerRig
import Redis
import RuleTable
import TestServers
import Testing

@Suite("The ledger on a cluster", .serialized)
struct ClusterLedgerTests {
    private static let accounts = (0..<60).map { Account("a\($0)")! }

    private static func plan(_ executions: Int = 5) throws -> Plan {
        try Plan(
            name: "p",
            limits: [Limit(name: "executions", meter: .executions, amount: executions, windowMs: 3_600_000)])
    }

    private static func url(_ cluster: RedisCluster, _ indices: Int...) -> String {
        let hosts = (indices.isEmpty ? Array(cluster.nodes.indices) : indices).map {
            "127.0.0.1:\(cluster.port(of: $0))"
        }
        return "redis+cluster://\(hosts.joined(separator: ","))/"
    }

    @Test("Every account is decided about exactly, whichever node has it; one node is enough to begin")
    func everyNode() async throws {
        try await RedisCluster.withCluster { cluster in
            let plan = try Self.plan()
            try await LedgerRig.withRedis(Self.url(cluster, 1), logRows: 100) { ledger in
                let puts = Self.accounts.flatMap { account in
                    (0..<7).map { Put(.ask("e\($0)", 10), about: account, under: plan) }
                }
                let received = try await ledger.receive(puts)
                let admitted = received.map { $0.answer.map(\.verdict.isAdmitted) }
                #expect(admitted == Self.accounts.flatMap { _ in (0..<7).map { $0 < 5 } })
                let sizes = try cluster.nodes.indices.map { try cluster.command("DBSIZE", on: $0) }
                #expect(!sizes.contains("0"), "\(sizes)")
            }
        }
    }

    @Test(
        "Slots that move while they are asked about: every question is answered, and nothing is charged twice"
    )
    func movingSlot() async throws {
        try await RedisCluster.withCluster { cluster in
            let plan = try Self.plan(10_000)
            let account = Self.accounts[0]
            let slot = KeySlot.of(tag: account.name.utf8)
            let source = try cluster.primary(ofSlot: slot)
            let move = try cluster.moveSlot(slot, to: (source + 1) % 3)
            try await LedgerRig.withRedis(Self.url(cluster, source)) { ledger in
                var asked = 0
                func ask(_ step: String) async throws {
                    let puts = (asked..<asked + 20).map {
                        Put(.ask("e\($0)", 10), about: account, under: plan)
                    }
                    for one in try await ledger.receive(puts) {
                        #expect(one.answer?.verdict.isAdmitted == true, "\(step): \(one.result)")
                    }
                    asked += 20
                }
                try await ask("before")
                try move.open()
                try await ask("while it is open")
                _ = try move.migrateKeys()
                try await ask("while the key is at the new node")
                try await move.close()
                try await ask("once it is closed")
                let peek = try await ledger.ask(.peek, about: account, under: plan)
                #expect(peek.usage[0].executions == asked)
            }
        }
    }

    @Test("A primary that is killed: others are not disturbed, and its accounts are back with its replica")
    func failover() async throws {
        try await RedisCluster.withCluster(
            .init(primaries: 3, replicas: 1).with { $0.requiresFullCoverage = false }
        ) { cluster in
            let plan = try Self.plan(10_000)
            let slots = Self.accounts.map { KeySlot.of(tag: $0.name.utf8) }
            let victim = try cluster.primary(ofSlot: slots[0])
            let others = try zip(Self.accounts, slots).filter { try cluster.primary(ofSlot: $0.1) != victim }
                .map(\.0)
            try await LedgerRig.withRedis(
                Self.url(cluster), settings: { $0.commandDeadline = .milliseconds(500) }
            ) {
                ledger in
                _ = try await ledger.ask(.ask("before", 10), about: Self.accounts[0], under: plan)
                cluster.nodes[victim].kill(SIGKILL)
                let began = ContinuousClock.now
                let replaced = Task { try await cluster.untilReplaced(victim, slot: slots[0]) }
                var round = 0
                try await eventually("its accounts are decided about", within: .seconds(20)) {
                    round += 1
                    for (index, one) in try await ledger.receive(
                        others.map { Put(.ask("r\(round)", 10), about: $0, under: plan) }
                    ).enumerated() {
                        #expect(one.answer?.verdict.isAdmitted == true, "\(others[index]): \(one.result)")
                    }
                    let one = try await ledger.receive([
                        Put(.ask("r\(round)", 10), about: Self.accounts[0], under: plan)
                    ])
                    return one[0].answer?.verdict.isAdmitted == true
                }
                let back = began.duration(to: .now)
                _ = try await replaced.value
                let elected = began.duration(to: .now)
                print(
                    "cluster: decided again \(back) after the kill, seen replaced after \(elected); \(round) rounds"
                )
            }
        }
    }
}

extension Verdict {
    fileprivate var isAdmitted: Bool {
        switch self {
        case .admitted, .held: true
        case .denied, .settled, .notHeld, .peeked: false
        }
    }
}
