// The faults of `Fault` that make sense for the primary of a topology, shortened. Left out: what is
// on the way to a server, because clients and servers connect to where servers say that they are,
// and the link, which meets it, is the same; another password, with which servers do not know each
// other any more; a server that goes and stays away, which `FailoverTests` has.

import Glibc
import TestServers

extension Fault {
    /// All on a topology.
    static func onPrimary(of kind: FailoverRig.Kind) -> [Fault] {
        let both = [
            "SCRIPT FLUSH, again and again", "CLIENT PAUSE WRITE, while PING is answered",
            "maxmemory reached, with noeviction", "CLIENT KILL, again and again",
        ]
        let named = both + (kind == .sentinel ? ["becoming a read-only replica"] : [])
        let short = all.filter { named.contains($0.testDescription) }.map { fault in
            var fault = fault
            fault.lasts = min(fault.lasts, .milliseconds(400))
            return fault
        }
        return short + [restart, standstill, pause, sleep, foreignScript, tooFewReplicas]
    }

    /// Sooner than anybody would elect another one.
    private static let restart = Fault(
        testDescription: "SIGKILL, and a restart from the append-only file at once", effect: .unavailable,
        lasts: .milliseconds(200)
    ) { scene in
        scene.redis.kill(SIGKILL)
        return { try await scene.redis.restart() }
    }

    private static let standstill = Fault(
        testDescription: "SIGSTOP for 300 ms", effect: .disturbed, lasts: .milliseconds(300)
    ) { scene in
        scene.redis.kill(SIGSTOP)
        return { scene.redis.kill(SIGCONT) }
    }

    private static let pause = Fault(testDescription: "CLIENT PAUSE ALL", effect: .unavailable) { scene in
        try scene.redis.command("CLIENT", "PAUSE", "1500", "ALL")
        return {
            try await eventually("Redis answers") {
                do { return try scene.redis.command("PING") == "PONG" } catch is TestServerError {
                    return false
                }
            }
        }
    }

    private static let sleep = Fault(testDescription: "DEBUG SLEEP", effect: .unavailable) { scene in
        let sleep = try await scene.redis.begin("DEBUG", "SLEEP", "1.5")
        // Whoever makes it a replica closes that connection.
        return { _ = try? sleep.answer() }
    }

    /// A sentinel kills it, too.
    private static let foreignScript = Fault(
        testDescription: "a foreign script that never ends", effect: .unavailable,
        lasts: .milliseconds(900)
    ) { scene in
        let script = try await scene.redis.begin("EVAL", "while true do end", "0")
        return {
            try await eventually("the script is killed") {
                do {
                    if try scene.redis.command("PING") == "PONG" { return true }
                    try scene.redis.command("SCRIPT", "KILL")
                } catch is TestServerError {
                    _ = try? scene.redis.command("SCRIPT", "KILL")
                }
                return false
            }
            _ = try? script.answer()
        }
    }

    private static let tooFewReplicas = Fault(
        testDescription: "too few replicas to write to", effect: .unavailable, lasts: .milliseconds(400)
    ) { scene in
        try scene.redis.command("CONFIG", "SET", "min-replicas-to-write", "5")
        return { try scene.redis.command("CONFIG", "SET", "min-replicas-to-write", "0") }
    }
}
