// The cluster that other tests run on: whether it is one, and how long it takes to be ready.

import Foundation
import TestServers
import Testing

@Suite("A cluster of real servers", .serialized, .timeLimit(.minutes(2)))
struct ClusterRigTests {
    /// Starts a cluster, prints how long that took, and gives it to `body`.
    private func withCluster(
        _ what: String, _ options: RedisCluster.Options, _ body: (RedisCluster) async throws -> Void
    ) async throws {
        let begin = ContinuousClock.now
        try await RedisCluster.withCluster(options) { cluster in
            print("\(what): ready after \(ContinuousClock.now - begin)")
            try await body(cluster)
        }
    }

    /// What a node answers, an error too.
    private func answer(_ arguments: String..., from node: RedisServer) -> String {
        do { return try node.command(arguments) } catch { return "\(error)" }
    }

    @Test("the wrong node answers MOVED, and a slot moves in steps")
    func movesSlots() async throws {
        try await withCluster("3 primaries", .init()) { cluster in
            #expect(cluster.nodes.count == 3)
            let slot = try cluster.slot(of: "{a}1")
            let source = try cluster.primary(ofSlot: slot)
            let destination = (source + 1) % 3
            try cluster.command("SET", "{a}1", "1", on: source)
            try cluster.command("SET", "{a}2", "2", on: source)
            #expect(
                answer("GET", "{a}1", from: cluster.nodes[destination])
                    == "MOVED \(slot) 127.0.0.1:\(cluster.port(of: source))")

            let move = try cluster.moveSlot(slot, to: destination)
            try move.open()
            #expect(try cluster.command("GET", "{a}1", on: source) == "1")
            let ask = "ASK \(slot) 127.0.0.1:\(cluster.port(of: destination))"
            #expect(answer("GET", "{a}3", from: cluster.nodes[source]) == ask)
            #expect(try move.migrateKeys(1) == 1)
            let both = ["{a}1", "{a}2"].map { answer("GET", $0, from: cluster.nodes[source]) }
            #expect(both.count { $0 == ask } == 1)
            #expect(answer("MGET", "{a}1", "{a}2", from: cluster.nodes[source]).hasPrefix("TRYAGAIN"))
            #expect(try move.migrateKeys() == 1)
            try await move.close()
            #expect(try cluster.primary(ofSlot: slot) == destination)
            #expect(try cluster.command("MGET", "{a}1", "{a}2", on: destination) == "1\n2")
            #expect(
                answer("GET", "{a}1", from: cluster.nodes[source])
                    == "MOVED \(slot) 127.0.0.1:\(cluster.port(of: destination))")
        }
    }

    @Test("a replica is elected in place of a primary that was killed, which returns as its replica")
    func elects() async throws {
        try await withCluster("3 primaries, 3 replicas", .init(replicas: 1)) { cluster in
            #expect(try (0..<3).map { try cluster.replicas(of: $0) } == [[3], [4], [5]])
            let begin = ContinuousClock.now
            cluster.nodes[1].kill(SIGKILL)
            #expect(try await cluster.untilReplaced(1, slot: 8_000) == 4)
            print("3 primaries, 3 replicas: one replaced after \(ContinuousClock.now - begin)")
            try await cluster.nodes[1].restart()
            try await cluster.untilReady()
            #expect(try cluster.replicas(of: 4) == [1])
        }
    }

    @Test("a failover by hand swaps a primary and its replica, with a password, host names and TLS")
    func failsOver() async throws {
        let options = RedisCluster.Options(replicas: 1).with {
            $0.password = "secret"
            $0.announcesHostname = true
            $0.tls = true
        }
        try await withCluster("3 primaries, 3 replicas, TLS, password, host names", options) { cluster in
            #expect(cluster.urls[0] == "rediss://localhost:\(cluster.nodes[0].tlsPort)")
            let slot = try cluster.slot(of: "a")
            let former = try cluster.primary(ofSlot: slot)
            try cluster.command("SET", "a", "1", on: former)
            try await cluster.failover(to: former + 3)
            #expect(try cluster.primary(ofSlot: slot) == former + 3)
            #expect(try cluster.command("GET", "a", on: former + 3) == "1")
            let moved = answer("GET", "a", from: cluster.nodes[former])
            // A Unix socket is a connection without TLS, so the plain port is named.
            #expect(moved == "MOVED \(slot) localhost:\(cluster.nodes[former + 3].port)")
            try await cluster.moveSlot(slot, to: (former + 1) % 3).finish()
            #expect(try cluster.command("GET", "a", on: (former + 1) % 3) == "1")
        }
    }

    @Test("without full coverage the others serve on while a primary is held up, and it returns")
    func servesWithoutCoverage() async throws {
        let options = RedisCluster.Options().with { $0.requiresFullCoverage = false }
        try await withCluster("3 primaries without coverage", options) { cluster in
            let slots = try ["a", "b", "c"].map { try cluster.slot(of: $0) }
            let owners = try slots.map { try cluster.primary(ofSlot: $0) }
            #expect(Set(owners).count == 3)
            cluster.nodes[owners[0]].kill(SIGSTOP)
            try await eventually("the others find it down") {
                try cluster.command("CLUSTER", "INFO", on: owners[1]).contains("cluster_slots_fail:54")
            }
            #expect(try cluster.command("SET", "b", "1", on: owners[1]) == "OK")
            #expect(answer("GET", "a", from: cluster.nodes[owners[1]]).hasPrefix("MOVED"))
            cluster.nodes[owners[0]].kill(SIGCONT)
            try await cluster.untilReady()
            #expect(try cluster.command("SET", "a", "1", on: owners[0]) == "OK")
        }
    }
}
