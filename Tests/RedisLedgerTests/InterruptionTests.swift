// A ledger whose connection ends while it waits for replies: each call is sent once more on the
// next connection, and nothing is charged or settled twice.

import Accounting
import Glibc
import LedgerRig
import Redis
import RuleTable
import TestServers
import Testing

@Suite("A ledger whose connection ends")
struct InterruptionTests {
    private static let account = Account("acct")!
    private static let plan = try! Plan.serverless()
    /// What a loaded machine may add to a deadline.
    private static let slack = Duration.seconds(3)

    private static func put(_ question: Question) -> Put { Put(question, about: account, under: plan) }

    /// An ask whose id was made for it.
    private static func fresh(_ id: String) -> Put {
        put(.admit(Ask(id: ExecutionID(id)!, isNew: true, durationMs: 10, minimumMs: 10)))
    }

    /// A ledger behind a proxy.
    private static func withProxy(
        deadline: Duration = .seconds(20),
        _ body: (RedisServer, FaultyProxy, LedgerRig) async throws -> Void
    ) async throws {
        try await RedisServer.withServer(.init(tcp: true)) { server in
            try await FaultyProxy.withProxy(to: server.port) { proxy in
                try await LedgerRig.withRedis("redis://127.0.0.1:\(proxy.port)") { settings in
                    settings.commandDeadline = deadline
                } _: { ledger in
                    try await eventually("the ledger answers") {
                        try await ledger.receive([put(.peek)])[0].answer != nil
                    }
                    try await body(server, proxy, ledger)
                }
            }
        }
    }

    /// Puts questions whose replies are lost with their connection after `isApplied`.
    private static func interrupt(
        _ puts: [Put], _ proxy: FaultyProxy, _ ledger: LedgerRig, isApplied: () async throws -> Bool
    ) async throws -> [Received] {
        proxy.mode = .cut(afterBytes: 0)
        let tick = try await ledger.begin(puts)
        try await eventually("Redis has applied them", isApplied)
        proxy.mode = .pass
        return try await tick.received()
    }

    @Test("The first asks on a connection that was forgotten, and says so when it is used, are answered")
    func repeatsOnNextConnection() async throws {
        try await Self.withProxy { _, proxy, ledger in
            for round in 1...3 {
                proxy.forget(hangsUp: true)
                let received = try await ledger.receive([
                    Self.fresh("new-\(round)"), Self.put(.ask("own-\(round)", 10)), Self.put(.peek),
                ])
                #expect(received.allSatisfy { $0.answer != nil }, "\(received)")
                #expect(received[2].answer?.usage[0].executions == 2 * round)
            }
            let settled = try await ledger.receive([Self.put(.settle(ExecutionID("new-1")!, durationMs: 1))])
            guard case .settled? = settled[0].answer?.verdict else {
                Issue.record("not settled: \(settled)")
                return
            }
        }
    }

    @Test("Admissions that were applied before their connection ended are found held, not charged twice")
    func chargesOnce() async throws {
        try await Self.withProxy { server, proxy, ledger in
            let puts = [Self.fresh("new"), Self.put(.ask("own", 10)), Self.fresh("new-2")]
            let received = try await Self.interrupt(puts, proxy, ledger) {
                try server.command("EXISTS", "{acct}") == "1"
            }
            for one in received {
                guard case .held? = one.answer?.verdict else {
                    Issue.record("not held: \(one)")
                    continue
                }
                #expect(one.answer?.usage[0].executions == 3)
            }
        }
    }

    @Test(
        "A settlement that may have been applied before is of unknown outcome, not refused, and settles once")
    func settlesOnce() async throws {
        try await Self.withProxy { server, proxy, ledger in
            _ = try await ledger.ask(.ask("a", 100), about: Self.account, under: Self.plan)
            let settle = Self.put(.settle(ExecutionID("a")!, durationMs: 7))
            let before = try server.command("DEBUG", "DIGEST-VALUE", "{acct}")
            let received = try await Self.interrupt([settle], proxy, ledger) {
                try server.command("DEBUG", "DIGEST-VALUE", "{acct}") != before
            }
            #expect(received[0].isUnknown, "\(received)")
            let again = try await ledger.receive([settle])[0]
            #expect(again.answer?.verdict == .notHeld)
            let peek = try await ledger.ask(.peek, about: Self.account, under: Self.plan)
            #expect(peek.usage[0].executions == 1 && peek.usage.allSatisfy { $0.executionTimeMs == 7 })
        }
    }

    @Test("Without a connection within the deadline the outcome is unknown; what is refused later, too")
    func endsAtDeadline() async throws {
        try await Self.withProxy(deadline: .milliseconds(300)) { server, proxy, ledger in
            server.kill(SIGSTOP)
            let tick = try await ledger.begin([Self.put(.ask("b", 10))])
            try await proxy.refuse()
            let received = try await tick.received()[0]
            #expect(received.isUnknown && received.after < .milliseconds(600) + Self.slack, "\(received)")
            server.kill(SIGCONT)
        }
    }

    @Test("Calls that wait for a connection are told when the ledger is closed")
    func endsWithLedger() async throws {
        try await Self.withProxy { _, proxy, ledger in
            proxy.mode = .cut(afterBytes: 0)
            // The rig checks that it is answered when it has closed the ledger.
            _ = try await ledger.begin([Self.put(.ask("b", 10))])
        }
    }
}
