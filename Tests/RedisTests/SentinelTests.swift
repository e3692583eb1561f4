// The primary that real sentinels name: why there is none, passwords, and a client that follows.

import Glibc
import Logging
import Metrics
import NIOCore
import NIOPosix
import Redis
import TestServers
import Testing

@Suite("A primary that sentinels name", .serialized, .timeLimit(.minutes(2)))
struct SentinelTests {
    private static func url(_ rig: RedisSentinels, name: String = RedisSentinels.name, identity: String = "")
        -> String
    {
        let hosts = rig.sentinelPorts.map { "127.0.0.1:\($0)" }.joined(separator: ",")
        return "redis+sentinel://\(identity)\(hosts)/\(name)"
    }

    /// Gives `body` what returns the absence.
    private func withTopology(
        _ url: String, settings change: (inout RedisSettings) -> Void = { _ in },
        _ body: (() async throws -> String?) async throws -> Void
    ) async throws {
        var settings = RedisSettings(url: try RedisURL(url))
        change(&settings)
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        let topology = try await loop.submit { [settings] in
            let topology = Topology(
                eventLoop: loop, settings: settings,
                logger: Logger(label: "topology", factory: { _ in SwiftLogNoOpLogHandler() }),
                metrics: NOOPMetricsHandler.instance
            ) { _ in }
            topology.start()
            return NIOLoopBound(topology, eventLoop: loop)
        }.get()
        do {
            try await body { try await loop.submit { topology.value.absence }.get() }
        } catch {
            try await loop.flatSubmit { topology.value.close() }.get()
            throw error
        }
        try await loop.flatSubmit { topology.value.close() }.get()
    }

    private func expect(
        _ absence: String?, _ url: String, settings change: (inout RedisSettings) -> Void = { _ in }
    ) async throws {
        try await withTopology(url, settings: change) { current in
            var last: String?
            do {
                try await eventually("the absence") {
                    last = try await current()
                    return absence.map { last?.contains($0) == true } ?? (last == nil)
                }
            } catch {
                Issue.record("\(error): \(last ?? "none") instead of \(absence ?? "none")")
            }
        }
    }

    @Test("Why there is no primary: an unknown name, silent sentinels, and passwords of both kinds")
    func absence() async throws {
        try await expect(
            "no sentinel of 127.0.0.1:1,127.0.0.1:2 answers", "redis+sentinel://127.0.0.1:1,127.0.0.1:2/stint"
        )
        let options = RedisSentinels.Options(password: "data", sentinelPassword: "watch")
        try await RedisSentinels.withSentinels(options) { rig in
            let url = Self.url(rig, identity: ":data@")
            try await expect("PING was refused: NOAUTH", url)
            try await expect("AUTH was refused: WRONGPASS", url) { $0.sentinelPassword = "data" }
            try await expect("PING was refused: NOAUTH", Self.url(rig)) { $0.sentinelPassword = "watch" }
            try await expect(
                "the sentinels know no primary called other", Self.url(rig, name: "other", identity: ":data@")
            ) { $0.sentinelPassword = "watch" }
            try await expect(nil, url) { $0.sentinelPassword = "watch" }
            // The rights in docs/OPERATIONS.md, and fewer.
            let rights = [
                "&+switch-master", "&+promoted-slave", "+ping", "+subscribe",
                "+sentinel|get-master-addr-by-name", "+sentinel|master",
            ]
            for sentinel in rig.sentinels {
                try sentinel.command(["ACL", "SETUSER", "ann", "on", ">pw"] + rights)
                try sentinel.command("ACL", "LOG", "RESET")
            }
            try await expect(nil, url) { ($0.sentinelUser, $0.sentinelPassword) = ("ann", "pw") }
            try await rig.failover()
            for sentinel in rig.sentinels {
                #expect(try sentinel.command("ACL", "LOG").isEmpty)
                try sentinel.command("ACL", "SETUSER", "ann", "-sentinel|master", "-subscribe")
            }
            try await expect(nil, url) { ($0.sentinelUser, $0.sentinelPassword) = ("ann", "pw") }
        }
    }

    private func withClient(_ rig: RedisSentinels, _ body: (RedisClient) async throws -> Void) async throws {
        let client = try await RedisClient.make(
            on: MultiThreadedEventLoopGroup.singleton.next(),
            settings: RedisSettings(url: try RedisURL(Self.url(rig))),
            logger: Logger(label: "client", factory: { _ in SwiftLogNoOpLogHandler() }),
            metrics: NOOPMetricsHandler.instance)
        try await client.start()
        do {
            try await body(client)
        } catch {
            try await client.close()
            throw error
        }
        try await client.close()
    }

    private func set(_ value: String, _ client: RedisClient) async throws {
        try await eventually("the client writes") {
            do { return try await client.call(["SET", "key", value]).text == "OK" } catch { return false }
        }
    }

    @Test("A client follows a failover by hand, and one while its first sentinel stands still")
    func client() async throws {
        try await RedisSentinels.withSentinels { rig in
            try await withClient(rig) { client in
                try await set("1", client)
                let began = ContinuousClock.now
                async let replaced = rig.failover()
                try await eventually("the client writes to another server") {
                    try await set("2", client)
                    return try rig.nodes.indices.contains {
                        try $0 != 0 && rig.nodes[$0].command("ROLE").hasPrefix("master")
                            && rig.nodes[$0].command("GET", "key") == "2"
                    }
                }
                print(
                    "sentinel: a client writes to another server \(began.duration(to: .now)) after FAILOVER")
                let primary = try await replaced
                print("sentinel: all know it \(began.duration(to: .now)) after FAILOVER")
                #expect(try rig.nodes[primary].command("GET", "key") == "2")

                rig.sentinels[0].kill(SIGSTOP)
                let next = try await rig.failover()
                #expect(next != primary)
                try await set("3", client)
                #expect(try rig.nodes[next].command("GET", "key") == "3")
                rig.sentinels[0].kill(SIGCONT)
            }
        }
    }

    @Test("A server that is demoted by hand gets one command: READONLY closes the link, ROLE keeps it closed")
    func demoted() async throws {
        try await RedisSentinels.withSentinels { rig in
            try await withClient(rig) { client in
                try await set("1", client)
                // They name it still, and correct nothing.
                for sentinel in rig.sentinels.dropFirst() { sentinel.kill(SIGSTOP) }
                let slow = "100000"
                try rig.sentinels[0].command(
                    "SENTINEL", "DEBUG", "PING-PERIOD", slow, "INFO-PERIOD", slow, "ASK-PERIOD", slow)
                try rig.nodes[0].command("REPLICAOF", "127.0.0.1", "\(rig.nodes[1].port)")
                var last = ""
                try await eventually("the reason") {
                    do { last = try await client.call(["SET", "key", "2"]).text } catch { last = "\(error)" }
                    return last.contains("it is not a primary (ROLE says slave)")
                }
                let info = try rig.nodes[0].command("INFO", "commandstats")
                #expect(info.contains(/cmdstat_set:calls=1,.*,rejected_calls=1,/), "\(info)")
                try rig.nodes[0].command("REPLICAOF", "NO", "ONE")
                try await set("3", client)
                for sentinel in rig.sentinels.dropFirst() { sentinel.kill(SIGCONT) }
            }
        }
    }
}
