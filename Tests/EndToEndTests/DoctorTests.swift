// `stint doctor` against real servers: good ones, dangerous ones, and such as do not answer.

import Foundation
import Glibc
import TestServers
import Testing

extension EndToEnd {
    @Suite("The doctor")
    struct DoctorTests {
        /// Much time for a command, for a busy machine.
        private static let deadlines = [
            "--redis-connect-deadline-ms", "1000", "--redis-command-deadline-ms", "3000",
        ]

        /// What `stint doctor` printed, as text and as JSON, and how it ended.
        private struct Diagnosis {
            let code: Int32
            let text: String
            let json: [String: Any]

            func findings(_ level: String) -> [String] {
                (json["findings"] as? [[String: Any]] ?? []).filter { $0["level"] as? String == level }
                    .map { "\($0["text"] ?? "") Type: \($0["type"] ?? "")" }
            }

            var servers: [[String: Any]] { json["servers"] as? [[String: Any]] ?? [] }
            var sentinels: [[String: Any]] { json["sentinels"] as? [[String: Any]] ?? [] }
        }

        /// Runs it twice, once for each format: both must end alike.
        private static func diagnose(
            _ place: Workplace, _ url: String, _ arguments: [String] = []
        ) async throws -> Diagnosis {
            let words =
                ["doctor", "--redis-url-file", try place.write(url, to: "url")] + deadlines + arguments
            let text = try await place.run(words)
            let json = try await place.run(words + ["--format", "json"])
            guard case .exited(let code) = text.ending, json.ending == text.ending else {
                throw Unexpected("\(String(describing: text.ending)): \(text.output); \(json.output)")
            }
            report("stint doctor \(url) ended with \(code):\n\(text.output)")
            let object = try JSONSerialization.jsonObject(with: Data(json.output.utf8))
            return Diagnosis(code: code, text: text.output, json: object as? [String: Any] ?? [:])
        }

        @Test("A good server is fit, and everything about it is shown; nothing is left in it")
        func good() async throws {
            let options = RedisServer.Options(tcp: true, config: ["appendonly yes", "maxmemory 64mb"])
            try await RedisServer.withServer(options) { redis in
                try await Workplace.open { place in
                    let found = try await Self.diagnose(place, "redis://127.0.0.1:\(redis.port)")
                    #expect(found.code == 0 && found.findings("error").isEmpty)
                    #expect(found.findings("warning").isEmpty, "\(found.text)")
                    #expect(found.text.contains("Fit to serve: 0 errors, 0 warnings."))
                    let server = try #require(found.servers.first)
                    #expect(server["role"] as? String == "primary")
                    let program = try #require(server["program"] as? String)
                    let version = try redis.command("INFO", "server")
                    #expect(version.contains(try #require(program.split(separator: " ").last)), "\(program)")
                    #expect(server["maxmemoryPolicy"] as? String == "noeviction")
                    #expect(server["appendfsync"] as? String == "everysec")
                    #expect(server["maxmemoryBytes"] as? Int == 64 << 20)
                    #expect(abs(try #require(server["clockAheadMs"] as? Int)) < 1_000)
                    #expect(try #require(server["roundTripWorstMs"] as? Double) > 0)
                    #expect(try redis.command("DBSIZE") == "0")
                }
            }
        }

        @Test(
            "What may forget charges is an error or a warning, with what to type",
            arguments: [
                (
                    ["maxmemory-policy allkeys-lru", "maxmemory 64mb", "appendonly yes"], "error",
                    "allkeys-lru"
                ),
                (["maxmemory-policy volatile-ttl", "appendonly yes"], "warning", "volatile-ttl"),
                ([], "warning", "no append-only file, no dumps either"),
                (["appendonly yes", "appendfsync no"], "warning", "appendfsync no"),
            ])
        func dangerous(_ config: [String], _ level: String, _ words: String) async throws {
            try await RedisServer.withServer(.init(config: config)) { redis in
                try await Workplace.open { place in
                    let found = try await Self.diagnose(place, redis.url)
                    #expect(found.code == (level == "error" ? 1 : 0))
                    let texts = found.findings(level).filter { $0.contains(words) }
                    #expect(
                        texts.count == 1
                            && texts[0].contains("Type: redis-cli -s \(redis.socketPath) CONFIG SET"))
                    #expect(found.findings("error").count == (level == "error" ? 1 : 0), "\(found.text)")
                }
            }
        }

        @Test("Missing rights are named with the command that grants them, and so is what they cost")
        func rights() async throws {
            try await RedisServer.withServer(.init(config: ["appendonly yes"])) { redis in
                var connection = try BlockingConnection(socketPath: redis.socketPath)
                _ = try connection.command(try RightsTests.documented())
                let url = "unix://\(redis.socketPath)?user=stint&password=PASSWORD"
                try await Workplace.open { place in
                    let whole = try await Self.diagnose(place, url)
                    #expect(whole.code == 0 && whole.findings("warning").isEmpty, "\(whole.text)")
                    #expect(whole.text.contains("appendfsync not readable"))

                    // Redis 6.2 takes commands away as a whole only.
                    try redis.command("ACL", "SETUSER", "stint", "-xadd", "-script")
                    let log = try await Self.diagnose(place, url)
                    #expect(log.code == 0)
                    #expect(
                        log.findings("warning").count == 1
                            && log.findings("warning")[0].contains(
                                "Type: ACL SETUSER stint +xadd +script|load"),
                        "\(log.text)")

                    try redis.command("ACL", "SETUSER", "stint", "-hset")
                    let none = try await Self.diagnose(place, url)
                    #expect(none.code == 1)
                    #expect(none.findings("error").contains { $0.contains("Type: ACL SETUSER stint +hset") })

                    try redis.command("ACL", "SETUSER", "stint", "+hset", "resetkeys", "~other:*")
                    let keys = try await Self.diagnose(place, url)
                    #expect(keys.code == 1)
                    #expect(
                        keys.findings("error").contains { $0.contains("Type: ACL SETUSER stint ~stint:*") })
                }
            }
        }

        @Test("A wrong password, a replica and another kind of server are each told with what to type")
        func misled() async throws {
            let options = RedisServer.Options(tcp: true, password: "right")
            try await RedisServer.withServer(options) { redis in
                let copy = RedisServer.Options(
                    tcp: true, config: ["replicaof 127.0.0.1 \(redis.port)", "masterauth right"])
                try await RedisServer.withServer(copy) { replica in
                    try await Workplace.open { place in
                        let host = "127.0.0.1:\(redis.port)"
                        for (url, words) in [
                            ("redis://:wrong@\(host)", ["AUTH was refused: WRONGPASS", "--redis-url-file"]),
                            ("redis://\(host)", ["PING was refused: NOAUTH", "--redis-url-file"]),
                            (
                                "redis://127.0.0.1:\(replica.port)",
                                ["it is a replica of \(host)", "Type: --redis-url redis://\(host)/"]
                            ),
                            (
                                "redis+cluster://:right@\(host)",
                                ["not a node of a cluster", "Type: --redis-url redis://\(host)/"]
                            ),
                        ] {
                            let found = try await Self.diagnose(place, url)
                            #expect(found.code == 1 && found.findings("error").count == 1, "\(found.text)")
                            for word in words { #expect(found.text.contains(word), "\(url): \(found.text)") }
                            #expect(!found.text.contains("wrong@") && !found.text.contains("right@"))
                        }
                    }
                }
            }
        }

        @Test("A server that never answers, and one that is not there, end within seconds")
        func absent() async throws {
            try await Workplace.open { place in
                try await ScriptedServer.withServer([]) { silent in
                    for (url, words) in [
                        (silent.url, "no answer to connecting within 1.0 seconds"),
                        ("redis://127.0.0.1:\(try freePort())", "Connection refused"),
                    ] {
                        let began = ContinuousClock.now
                        let found = try await Self.diagnose(place, url)
                        let took = began.duration(to: .now)
                        #expect(found.code == 1 && found.findings("error").count == 1)
                        #expect(found.text.contains(words) && found.text.contains("Type: redis-cli"))
                        // Twice, and a busy machine.
                        #expect(took < .seconds(10) + FaultTests.standstill, "\(took)")
                    }
                }
            }
        }

        @Test("A server that greets and then never answers again ends it within seconds too")
        func stopped() async throws {
            let greeting = "+PONG\r\n$0\r\n\r\n*1\r\n$6\r\nmaster\r\n"
            try await ScriptedServer.withServer([.receive(3), .send(greeting)]) { silent in
                try await Workplace.open { place in
                    let began = ContinuousClock.now
                    let found = try await Self.diagnose(
                        place, silent.url, ["--redis-command-deadline-ms", "250"])
                    #expect(found.code == 1)
                    #expect(found.text.contains("it does not answer INFO"), "\(found.text)")
                    #expect(began.duration(to: .now) < .seconds(20) + FaultTests.standstill)
                }
            }
        }

        @Test("Too few replicas for redis.acknowledgingReplicas are an error, just enough a warning")
        func acknowledging() async throws {
            let options = RedisServer.Options(
                tcp: true, config: ["appendonly yes", "repl-diskless-sync-delay 0"])
            try await RedisServer.withServer(options) { redis in
                let copy = RedisServer.Options(
                    tcp: true, config: ["replicaof 127.0.0.1 \(redis.port)", "maxmemory-policy allkeys-lru"])
                try await RedisServer.withServer(copy) { replica in
                    try await eventually("the replica is online", within: Workplace.timeout) {
                        try redis.command("INFO", "replication").contains("state=online")
                            && replica.command("INFO", "replication").contains("master_link_status:up")
                    }
                    try await Workplace.open { place in
                        let url = "redis://127.0.0.1:\(redis.port)"
                        let one = try await Self.diagnose(
                            place, url, ["--redis-acknowledging-replicas", "1"])
                        #expect(one.code == 0)
                        #expect(one.findings("warning").contains { $0.contains("just as many") })
                        #expect(
                            one.findings("warning").contains {
                                $0.contains("maxmemory-policy allkeys-lru")
                                    && $0.contains("once it is the primary")
                            }, "\(one.text)")
                        #expect(one.servers.map { $0["role"] as? String } == ["primary", "replica"])
                        let two = try await Self.diagnose(
                            place, url, ["--redis-acknowledging-replicas", "2"])
                        #expect(two.code == 1 && two.findings("error").count == 1, "\(two.text)")
                        #expect(two.text.contains("Type: --redis-acknowledging-replicas 1, or add replicas"))
                    }
                }
            }
        }

        @Test("Of a cluster each primary is examined: slots, replicas, coverage, rights")
        func cluster() async throws {
            let options = RedisCluster.Options(replicas: 1).with { $0.requiresFullCoverage = false }
            try await RedisCluster.withCluster(options) { cluster in
                try await Workplace.open { place in
                    let url = "redis+cluster://127.0.0.1:\(cluster.port(of: 0))/"
                    let found = try await Self.diagnose(place, url)
                    #expect(found.code == 0)
                    let primaries = found.servers.filter { $0["role"] as? String == "primary" }
                    #expect(primaries.compactMap { $0["slots"] as? Int }.reduce(0, +) == 16_384)
                    #expect(primaries.compactMap { $0["replicas"] as? Int } == [1, 1, 1])
                    #expect(found.servers.count == 6)
                    #expect(found.text.contains("all 16384 slots have a primary, one of 3"))
                    #expect(found.text.contains("cluster-require-full-coverage no"))

                    // Users are each node's own.
                    try cluster.command("ACL", "SETUSER", "default", "-hset", on: 1)
                    let denied = try await Self.diagnose(place, url)
                    let name = "127.0.0.1:\(cluster.port(of: 1)): "
                    #expect(denied.code == 1)
                    #expect(denied.text.contains("error    \(name)Redis refuses decisions"), "\(denied.text)")
                    try cluster.command("ACL", "SETUSER", "default", "+hset", on: 1)

                    for index in [2, 5] { cluster.nodes[index].kill(SIGKILL) }
                    let broken = try await Self.diagnose(place, url)
                    #expect(broken.code == 1)
                    #expect(
                        broken.text.contains("127.0.0.1:\(cluster.port(of: 2)) does not answer"),
                        "\(broken.text)")
                    #expect(
                        broken.text.contains(
                            "Type: redis-cli -h 127.0.0.1 -p \(cluster.port(of: 2)) PING"))
                    #expect(broken.servers.count { $0["role"] as? String == "primary" } == 2)
                }
            }
        }

        @Test("Of a primary with sentinels the sentinels are examined too, also when one is gone")
        func sentinels() async throws {
            let options = RedisSentinels.Options(password: "data", sentinelPassword: "s-secret")
            try await RedisSentinels.withSentinels(options) { rig in
                try await Workplace.open { place in
                    let hosts = rig.sentinelPorts.map { "127.0.0.1:\($0)" }.joined(separator: ",")
                    let url = "redis+sentinel://:data@\(hosts)/\(RedisSentinels.name)"
                    let secret = ["--redis-sentinel-password-file", try place.write("s-secret", to: "s")]
                    let found = try await Self.diagnose(place, url, secret)
                    #expect(found.code == 0, "\(found.text)")
                    #expect(found.sentinels.count == 3)
                    #expect(found.text.contains("3 of 3 sentinels name the same primary"))
                    #expect(found.text.contains("quorum 2 of 3 sentinels"))
                    #expect(found.servers.count == 3)

                    rig.sentinels[1].kill(SIGKILL)
                    let less = try await Self.diagnose(place, url, secret)
                    #expect(less.code == 0)
                    #expect(
                        less.findings("warning").contains { $0.contains("this sentinel names no primary") })

                    let refused = try await Self.diagnose(place, url)
                    #expect(refused.code == 1)
                    #expect(
                        refused.text.contains("NOAUTH")
                            && refused.text.contains("Type: --redis-sentinel-password-file"),
                        "\(refused.text)")
                    let unknown = try await Self.diagnose(
                        place, "redis+sentinel://:data@\(hosts)/other", secret)
                    #expect(unknown.code == 1)
                    #expect(unknown.text.contains("SENTINEL MASTERS"), "\(unknown.text)")
                }
            }
        }

        @Test("Invalid arguments and settings end with 64, and name no Redis")
        func usage() async throws {
            try await Workplace.open { place in
                for arguments in [
                    [], ["--ledger", "memory"], ["--redis-url", "nonsense"], ["--redis-ulr", "redis://a"],
                    ["--redis-url", "redis://a", "--redis-silence-ms", "1"],
                    ["--redis-url", "redis://a", "--format", "xml"],
                ] {
                    let (ending, output) = try await place.run(["doctor"] + arguments)
                    #expect(ending == .exited(64), "\(arguments): \(output)")
                    #expect(output.contains("Usage: stint"), "\(output)")
                }
            }
        }
    }
}
