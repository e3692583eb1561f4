// The faults of a Redis and of the connection to it: how to cause each, how to end it, and what
// runners may notice. `FaultTests` causes all of them while Stint is under load.

import Glibc
import TestServers
import Testing

struct Fault: Sendable, CustomTestStringConvertible {
    /// What runners get while it lasts.
    enum Effect: Sendable {
        /// Nothing but that it may take longer.
        case unnoticed
        /// 503, each of them, once the deadline is over.
        case unavailable
        /// 503 now and then, or not at all.
        case disturbed
    }

    /// What a fault is made with.
    struct Scene: Sendable {
        let redis: RedisServer
        /// What Stint is connected to.
        let proxy: FaultyProxy
    }

    let testDescription: String
    let effect: Effect
    var lasts: Duration = .milliseconds(1_200)
    var password: String?
    /// When Redis forces its log to the disk.
    var appendFsync = "everysec"
    /// The account that has it, nil when all have.
    var account: String?
    /// After what time replies come all the same, nil when they do not.
    var lateness: Duration?
    /// Begins it; what is returned ends it.
    let begin: @Sendable (Scene) async throws -> @Sendable () async throws -> Void

    static let all = ofServer + ofState + ofConnections
}

// MARK: The server

extension Fault {
    static let ofServer = [
        Fault(
            testDescription: "SIGKILL, and a restart from the append-only file", effect: .unavailable,
            appendFsync: "always"
        ) {
            scene in
            scene.redis.kill(SIGKILL)
            return { try await scene.redis.restart() }
        },
        standstill(.seconds(1)), standstill(.seconds(5)), standstill(.seconds(15)),
        Fault(testDescription: "CLIENT PAUSE ALL", effect: .unavailable) { scene in
            // Nobody can end it: it holds back that command too. So it lasts longer than anybody
            // looks at it.
            try scene.redis.command("CLIENT", "PAUSE", "3000", "ALL")
            return { try await eventually("Redis answers") { try scene.redis.command("PING") == "PONG" } }
        },
        Fault(testDescription: "CLIENT PAUSE WRITE, while PING is answered", effect: .unavailable) { scene in
            try scene.redis.command("CLIENT", "PAUSE", "60000", "WRITE")
            return { try scene.redis.command("CLIENT", "UNPAUSE") }
        },
        Fault(testDescription: "DEBUG SLEEP", effect: .unavailable) { scene in
            let sleep = try await scene.redis.begin("DEBUG", "SLEEP", "3")
            return { _ = try sleep.answer() }
        },
        Fault(testDescription: "a foreign script that never ends", effect: .unavailable) { scene in
            let script = try await scene.redis.begin("EVAL", "while true do end", "0")
            return {
                try await eventually("the script is killed") {
                    do { return try scene.redis.command("SCRIPT", "KILL") == "OK" } catch is TestServerError {
                        return false
                    }
                }
                _ = try script.answer()
            }
        },
        Fault(testDescription: "LOADING its data anew", effect: .unavailable) { scene in
            // Of its own data there is little; so that loading takes a while, there is more, and
            // each key takes its time.
            try scene.redis.command("DEBUG", "POPULATE", "600", "filler", "1024")
            for (name, value) in [
                ("rdbcompression", "no"), ("loading-process-events-interval-bytes", "1024"),
                ("key-load-delay", "5000"),
            ] {
                try scene.redis.command("CONFIG", "SET", name, value)
            }
            let load = try await scene.redis.begin("DEBUG", "RELOAD")
            return {
                try scene.redis.command("CONFIG", "SET", "key-load-delay", "0")
                _ = try load.answer()
            }
        },
    ]

    private static func standstill(_ time: Duration) -> Fault {
        Fault(testDescription: "SIGSTOP for \(time.inMs / 1_000) s", effect: .unavailable, lasts: time) {
            scene in
            scene.redis.kill(SIGSTOP)
            try await eventually("Redis stands still") {
                contents(of: "/proc/\(scene.redis.pid)/stat").contains(") T ")
            }
            return { scene.redis.kill(SIGCONT) }
        }
    }
}

// MARK: Its state

extension Fault {
    static let ofState = [
        Fault(testDescription: "SCRIPT FLUSH, again and again", effect: .unnoticed, lasts: .milliseconds(200))
        { scene in
            for _ in 0..<10 {
                try scene.redis.command("SCRIPT", "FLUSH")
                try await Task.sleep(for: .milliseconds(100))
            }
            return {}
        },
        Fault(testDescription: "maxmemory reached, with noeviction", effect: .unavailable) { scene in
            try scene.redis.command("CONFIG", "SET", "maxmemory", "1")
            return { try scene.redis.command("CONFIG", "SET", "maxmemory", "0") }
        },
        Fault(testDescription: "becoming a read-only replica", effect: .unavailable) { scene in
            try scene.redis.command("REPLICAOF", "127.0.0.1", "1")
            return { try scene.redis.command("REPLICAOF", "NO", "ONE") }
        },
        Fault(testDescription: "too few replicas to write to", effect: .unavailable) { scene in
            try scene.redis.command("CONFIG", "SET", "min-replicas-to-write", "1")
            return { try scene.redis.command("CONFIG", "SET", "min-replicas-to-write", "0") }
        },
        Fault(testDescription: "another password", effect: .unavailable, password: "first") { scene in
            var connection = try BlockingConnection(socketPath: scene.redis.socketPath)
            _ = try connection.command(["AUTH", "first"])
            _ = try connection.command(["CONFIG", "SET", "requirepass", "second"])
            _ = try connection.command(["CLIENT", "KILL", "TYPE", "normal"])
            return {
                var connection = try BlockingConnection(socketPath: scene.redis.socketPath)
                _ = try connection.command(["AUTH", "second"])
                _ = try connection.command(["CONFIG", "SET", "requirepass", "first"])
            }
        },
        anotherType(at: "stint:{many}"),
    ]

    private static func anotherType(at key: String) -> Fault {
        Fault(
            testDescription: "another type at an account's key", effect: .unavailable,
            account: "many"
        ) { scene in
            // In one step, or the next question would find no key and begin a new one.
            let swap = "redis.call('RENAME', KEYS[1], 'kept'); redis.call('LPUSH', KEYS[1], 'not ours')"
            try scene.redis.command("EVAL", swap, "1", key)
            return { try scene.redis.command("RENAME", "kept", key) }
        }
    }
}

// MARK: The way to it

extension Fault {
    static let ofConnections = [
        Fault(testDescription: "CLIENT KILL, again and again", effect: .disturbed, lasts: .zero) { scene in
            for _ in 0..<10 {
                try scene.redis.command("CLIENT", "KILL", "TYPE", "normal")
                try await Task.sleep(for: .milliseconds(100))
            }
            return {}
        },
        Fault(testDescription: "connections refused", effect: .unavailable) { scene in
            try await scene.proxy.refuse()
            return { try await scene.proxy.accept() }
        },
        Fault(testDescription: "a full backlog", effect: .unavailable) { scene in
            try await scene.proxy.clog()
            return { try await scene.proxy.accept() }
        },
        way("replies lost after Redis applied them", .lose, .unavailable),
        way("replies 20 ms late", .delay(.milliseconds(20)), .unnoticed),
        way(
            "replies 300 ms late, beyond the deadline", .delay(.milliseconds(300)), .unavailable,
            lateness: .milliseconds(300)),
        way("replies cut off in the middle", .cut(afterBytes: 30), .unavailable),
        way(
            "replies byte by byte, each 10 ms after the other", .trickle(every: .milliseconds(10)),
            // The shortest answer of the script has 56 bytes.
            .unavailable, lateness: .milliseconds(560)),
    ]

    private static func way(
        _ name: String, _ mode: FaultyProxy.Mode, _ effect: Effect, lateness: Duration? = nil
    ) -> Fault {
        Fault(testDescription: name, effect: effect, lateness: lateness) { scene in
            scene.proxy.mode = mode
            return { scene.proxy.mode = .pass }
        }
    }
}
