// What the doctor finds dangerous about one server, by what the server reports. What real servers
// can be made to report is tested end to end.

import Redis
import Testing

@testable import StintService

@Suite("Findings about a server")
struct ServerFindingsTests {
    private static let healthy = """
        redis_version:7.0.15
        connected_clients:10
        maxclients:10000
        used_memory:10
        maxmemory:100
        maxmemory_policy:noeviction
        aof_enabled:1
        aof_last_write_status:ok
        rdb_last_bgsave_status:ok
        connected_slaves:1
        slave0:ip=10.0.0.2,port=6379,state=online,offset=100,lag=1
        master_repl_offset:100
        """

    /// The findings about a healthy server, but for what `change` changes.
    private static func findings(
        _ info: String = "", acknowledgingReplicas: Int = 0,
        roundTripFailure: RedisError? = nil, _ change: (inout ExaminedServer) -> Void = { _ in }
    ) throws -> [Finding] {
        let address = RedisURL.Address.tcp(host: "10.0.0.1", port: 6_379)
        var redis = RedisSettings(url: try RedisURL("redis://10.0.0.1"))
        redis.acknowledgingReplicas = acknowledgingReplicas
        // The first of duplicate lines counts.
        let report = ServerInfo(info + "\n" + healthy)
        var server = ExaminedServer("\(address)", .primary)
        server.read(report)
        server.appendfsync = "everysec"
        server.save = ""
        server.roundTripMedianMs = 0.2
        server.roundTripWorstMs = 1
        server.clockAheadMs = 3
        change(&server)
        let judge = ServerFindings(address: address, advice: Advice(url: redis.url))
        return judge.all(
            server, report, report.replicas(of: address), roundTripFailure: roundTripFailure, settings: redis)
    }

    private static func expectOne(
        _ level: Finding.Level, _ words: String, in findings: [Finding],
        _ place: SourceLocation = #_sourceLocation
    ) {
        let bad = findings.filter { $0.level != .ok }
        #expect(
            bad.count == 1 && bad[0].level == level && bad[0].text.contains(words), "\(bad)",
            sourceLocation: place)
    }

    @Test("A healthy server has no finding above ok")
    func healthy() throws {
        #expect(try Self.findings().allSatisfy { $0.level == .ok })
    }

    @Test(
        "What it reports is judged",
        arguments: [
            ("redis_version:6.0.16", Finding.Level.error, "Stint needs Redis 6.2"),
            ("used_memory:80", .warning, "80 % of maxmemory"),
            ("maxmemory_policy:allkeys-lru", .error, "may evict charges"),
            ("maxmemory:0\ntotal_system_memory:11", .warning, "of the machine"),
            ("connected_clients:9001", .warning, "9001 of maxclients 10000"),
            ("aof_last_write_status:err", .error, "refuses writes"),
            ("rdb_last_bgsave_status:err", .warning, "its last dump failed"),
            ("redis_version:6.2.5\nmin_slaves_good_slaves:0", .warning, "does not apply it to scripts"),
            ("aof_enabled:0", .warning, "no append-only file"),
            ("slave0:ip=10.0.0.2,port=6379,state=online,offset=1,lag=11", .warning, "11 s ago"),
            ("slave0:ip=10.0.0.2,port=6379,state=wait_bgsave,offset=0,lag=0", .warning, "being synchronised"),
        ])
    func reported(info: String, level: Finding.Level, words: String) throws {
        Self.expectOne(level, words, in: try Self.findings(info))
    }

    @Test(
        "A round trip is held against the deadline for a command",
        arguments: [
            (31.0, 125.0, Finding.Level?.none), (32, 33, .warning), (1, 126, .warning), (251, 300, .error),
        ])
    func roundTrips(median: Double, worst: Double, level: Finding.Level?) throws {
        let findings = try Self.findings {
            $0.roundTripMedianMs = median
            $0.roundTripWorstMs = worst
        }
        guard let level else { return #expect(findings.allSatisfy { $0.level == .ok }) }
        Self.expectOne(level, "redis.commandDeadlineMs 250", in: findings)
    }

    @Test("A PING without an answer is a warning, and a denied one is none")
    func pings() throws {
        let late = try Self.findings(roundTripFailure: .failed(.late("no reply within 0.25 seconds")))
        Self.expectOne(.warning, "a PING was not answered", in: late)
        let denied = try Self.findings(roundTripFailure: .refused("NOPERM")) { $0.roundTripMedianMs = nil }
        #expect(denied.allSatisfy { $0.level == .ok })
    }

    @Test("A clock more than a second away is a warning, in either direction", arguments: [1_001, -1_001])
    func clocks(ahead: Int) throws {
        Self.expectOne(.warning, "1001 ms", in: try Self.findings { $0.clockAheadMs = ahead })
        #expect(try Self.findings { $0.clockAheadMs = ahead.signum() * 1_000 }.allSatisfy { $0.level == .ok })
    }

    @Test("Replicas are counted against redis.acknowledgingReplicas")
    func acknowledging() throws {
        Self.expectOne(
            .warning, "just as many", in: try Self.findings(acknowledgingReplicas: 1))
        Self.expectOne(
            .error, "fewer than redis.acknowledgingReplicas 2",
            in: try Self.findings(acknowledgingReplicas: 2))
    }

    @Test("What to type about a connection fits its reason, and names no password")
    func advice() throws {
        let advice = Advice(url: try RedisURL("rediss://:secret@10.0.0.1"))
        for (reason, words) in [
            ("AUTH was refused: WRONGPASS", "--redis-url-file"),
            ("cannot connect: Connection refused", "PING"),
            ("handshakeFailed(CERTIFICATE_VERIFY_FAILED)", "--redis-trust-roots"),
            ("no answer to connecting within 0.09 seconds", "redis in place of rediss"),
            ("example cannot be resolved", "getent hosts"),
        ] {
            let text = advice.connecting(reason, at: advice.url.address, isSentinel: false)
            #expect(text.contains(words) && !text.contains("secret"), "\(reason): \(text)")
        }
        let sentinel = advice.connecting("PING was refused: NOAUTH", at: advice.url.address, isSentinel: true)
        #expect(sentinel.contains("--redis-sentinel-password-file"))
    }
}
