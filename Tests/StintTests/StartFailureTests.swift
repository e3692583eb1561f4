// Why the embedded Redis cannot start, from the messages of Redis 6.2, 7.0 and Valkey, and what the
// person is advised to do.

import Testing

@testable import StintService

@Suite("Failed starts of the embedded Redis")
struct StartFailureTests {
    struct Row: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let lines: [String]
        /// Parts of what is said; none: it is not the data.
        let message: [String]
    }

    private static func at(_ line: String) -> String { "811:M 01 Dec 2026 00:55:49.034 # \(line)" }

    static let rows = [
        Row(
            testDescription: "damage in the middle of the log",
            lines: [
                at(
                    "Bad file format reading the append only file appendonly.aof.2.incr.aof: make a backup of your AOF "
                        + "file, then use ./redis-check-aof --fix <filename.manifest>")
            ],
            message: [
                "/data/appendonlydir/appendonly.aof.2.incr.aof is damaged in the middle",
                "type: redis-check-aof --fix /data/appendonlydir/appendonly.aof.manifest. ",
                "later charges are lost", "package redis-tools",
            ]),
        Row(
            testDescription: "the same of Redis 6.2",
            lines: [
                at(
                    "Bad file format reading the append only file: make a backup of your AOF file, then use "
                        + "./redis-check-aof --fix <filename>")
            ],
            message: ["/data/appendonly.aof is damaged", "redis-check-aof --fix /data/appendonly.aof. "]),
        Row(
            testDescription: "damage in the dump that the log begins with",
            lines: [
                "811:M 01 Dec 2026 00:55:50.817 * Reading RDB base file on AOF loading...",
                at(
                    "Internal error in RDB reading offset 0, function at rdb.c:413 -> Invalid LZF compressed string"
                ),
                "[offset 0] Checking RDB file appendonly.aof.2.base.rdb", "--- RDB ERROR DETECTED ---",
            ],
            message: [
                "/data/appendonlydir/appendonly.aof.2.base.rdb is damaged, and no program repairs it",
                "Invalid LZF compressed string", "mv /data/appendonlydir /data/appendonlydir.damaged",
                "All charges are then lost",
            ]),
        Row(
            testDescription: "a dump that ends too soon",
            lines: [
                "[offset 0] Checking RDB file appendonly.aof.2.base.rdb",
                at("Short read or OOM loading DB. Unrecoverable error, aborting now."),
            ],
            message: ["appendonly.aof.2.base.rdb is damaged"]),
        Row(
            testDescription: "a dump of a newer server",
            lines: [
                at("Can't handle RDB format version 99"),
                at("Error reading the RDB base file appendonly.aof.2.base.rdb, AOF loading aborted"),
            ],
            message: ["written by a newer server than /usr/bin/redis-server", "version 99"]),
        Row(
            testDescription: "a file that is gone",
            lines: [
                at(
                    "Unable to obtain the AOF file appendonly.aof.2.incr.aof length. stat: No such file or directory"
                )
            ],
            message: ["/data/appendonlydir is damaged", "No such file", "Put back a copy"]),
        Row(
            testDescription: "a manifest that is none",
            lines: [at("Reading the manifest file, at line 1"), at("Invalid AOF manifest file format")],
            message: ["/data/appendonlydir is damaged", "Invalid AOF manifest"]),
        Row(
            testDescription: "a command that nobody knows",
            lines: [at("Unknown command 'NOPE' reading the append only file appendonly.aof.2.incr.aof")],
            message: ["/data/appendonlydir is damaged", "'NOPE'"]),
        Row(
            testDescription: "a file that may not be read",
            lines: [
                at("Unable to obtain the AOF file appendonly.aof.2.incr.aof length. stat: Permission denied")
            ], message: []),
        Row(
            testDescription: "a socket in use",
            lines: [at("Failed opening Unix socket: bind: Address already in use")], message: []),
        Row(testDescription: "nothing", lines: [], message: []),
    ]

    private static func failure(
        _ lines: [String], directory: String = "/data", binary: String = "/usr/bin/redis-server"
    ) -> StartFailure {
        var output = RedisOutput()
        for line in lines { output.add(line) }
        return StartFailure(directory: directory, binary: binary, output: output)
    }

    @Test("Damage is told apart from what may pass, with the file, the command and the cost", arguments: rows)
    func damage(_ row: Row) throws {
        let damage = Self.failure(row.lines).damage
        #expect((damage == nil) == row.message.isEmpty)
        for part in row.message { #expect(damage?.contains(part) == true, "\(damage ?? "nothing"): \(part)") }
    }

    @Test(
        "What it said last says what to do",
        arguments: [
            ("Permission denied", "belong to the user that runs Stint"),
            ("No space left on device", "Free space"),
            ("bind: Read-only file system", "--data-dir DIR"), ("bind: Address already in use", "redis.sock"),
            ("Bad directive or wrong number of arguments", "6.2 or later"), ("who knows", "--redis-url URL"),
        ])
    func advice(_ message: String, _ advice: String) {
        let words = Self.failure([Self.at(message)]).surrender(after: 5, ending: "exited(1)")
        #expect(words.contains("5 starts failed, the last with exited(1). Redis says: \(message). "))
        #expect(words.contains(advice))
    }

    @Test("Paths are quoted where a shell needs it, and Valkey's programs have their own names")
    func quotes() throws {
        let line = "Bad file format reading the append only file appendonly.aof.1.incr.aof: make a backup"
        let damage = try #require(
            Self.failure([line], directory: "/it's here", binary: "/usr/bin/valkey-server").damage)
        #expect(
            damage.contains(#"valkey-check-aof --fix '/it'\''s here/appendonlydir/appendonly.aof.manifest'"#))
        #expect(damage.contains("package valkey-tools"))
    }

    @Test("Words are bounded, and say whether it became ready")
    func bounds() {
        var output = RedisOutput()
        output.add("1:M 01 Dec 2026 00:00:00.000 * Ready to accept connections")
        for number in 0..<1_000 { output.add("\(number)" + String(repeating: "x", count: 10_000)) }
        #expect(output.isReady)
        #expect(output.lines.count == RedisOutput.maximumLines)
        #expect(output.lines.allSatisfy { $0.count == RedisOutput.maximumLineBytes })
    }
}
