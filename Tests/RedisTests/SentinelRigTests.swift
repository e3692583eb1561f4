// The primary, replicas and sentinels that other tests run on: whether they work together, and how
// long they take to be ready.

import Foundation
import TestServers
import Testing

@Suite("A primary with real sentinels", .serialized, .timeLimit(.minutes(2)))
struct SentinelRigTests {
    /// Starts a rig, prints how long that took, and gives it to `body`.
    private func withSentinels(
        _ what: String, _ options: RedisSentinels.Options,
        _ body: (RedisSentinels) async throws -> Void
    ) async throws {
        let begin = ContinuousClock.now
        try await RedisSentinels.withSentinels(options) { rig in
            print("\(what): ready after \(ContinuousClock.now - begin)")
            try await body(rig)
        }
    }

    /// Sentinels that take a server for down too soon would replace the new primary as well. Epochs
    /// do not say so: an election without a majority uses one up.
    private func expectOneFailover(_ sentinel: RedisServer) {
        #expect(sentinel.log.split(separator: "\n").count { $0.contains("+switch-master") } == 1)
    }

    @Test("a replica takes the place of a primary that was killed")
    func replacesKilledPrimary() async throws {
        try await withSentinels("sentinels", .init()) { rig in
            #expect(try rig.primary() == 0)
            #expect(try rig.replicas() == [1, 2])
            try rig.nodes[0].command("SET", "a", "1")
            for index in [1, 2] {
                try await eventually("node \(index) has the key") {
                    try rig.nodes[index].command("GET", "a") == "1"
                }
            }
            let begin = ContinuousClock.now
            rig.nodes[0].kill(SIGKILL)
            let successor = try await rig.untilReplaced(0)
            print("sentinels: primary replaced after \(ContinuousClock.now - begin)")
            #expect(try rig.nodes[successor].command("GET", "a") == "1")
            #expect(try rig.nodes[successor].command("SET", "a", "2") == "OK")
            for sentinel in rig.sentinels { expectOneFailover(sentinel) }
        }
    }

    @Test("a failover by hand, with passwords of the servers and of the sentinels")
    func failsOver() async throws {
        let options = RedisSentinels.Options(password: "data", sentinelPassword: "watch")
        try await withSentinels("sentinels with passwords", options) { rig in
            let begin = ContinuousClock.now
            let successor = try await rig.failover()
            print("sentinels with passwords: failover took \(ContinuousClock.now - begin)")
            #expect(successor != 0)
            #expect(try rig.currentPrimaryPort() == rig.nodes[successor].port)
            #expect(throws: TestServerError.self) { try rig.nodes[0].command("SET", "a", "1") }
            for sentinel in rig.sentinels { expectOneFailover(sentinel) }
        }
    }

    @Test("a sentinel that was held up or restarted is one of them again, and so is a server")
    func serversReturn() async throws {
        try await withSentinels("sentinels that leave", .init()) { rig in
            rig.sentinels[0].kill(SIGSTOP)
            #expect(rig.sentinelsGoingOn.count == 2)
            try await rig.failover()
            rig.sentinels[0].kill(SIGCONT)
            try await rig.sentinels[1].restart()
            try await rig.nodes[0].restart()
            try await rig.untilReady()
            #expect(try rig.nodes[0].command("ROLE").hasPrefix("slave\n127.0.0.1\n"))
            for sentinel in rig.sentinels { expectOneFailover(sentinel) }
        }
    }
}
