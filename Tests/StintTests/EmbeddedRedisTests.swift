// The embedded Redis with real servers, real signals and real directories: it starts, restarts, is
// not shared, takes over from an earlier run, and leaves nothing.

import Foundation
import Glibc
import Logging
import ServiceLifecycle
import Subprocess
import SystemPackage
import TestServers
import Testing
import WireFormat

@testable import StintService

@Suite("Embedded Redis", .timeLimit(.minutes(2)))
struct EmbeddedRedisTests {
    static let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    static let searchPath = ProcessInfo.processInfo.environment["PATH"] ?? ""
    static let timeout: Duration = .seconds(20)

    /// Runs `body` with the path of a directory that is not there yet and is gone afterwards.
    static func withPath<Result>(_ body: (String) async throws -> Result) async throws -> Result {
        let parent = FileManager.default.temporaryDirectory.appending(
            path: "stint-\(UUID().uuidString.prefix(8))")
        try FileManager.default.createDirectory(at: parent, withIntermediateDirectories: true)
        defer { #expect(throws: Never.self) { try FileManager.default.removeItem(at: parent) } }
        return try await body(parent.appending(path: "data").path(percentEncoded: false))
    }

    /// Runs the service, then `body` once it answers, then shuts down gracefully and checks that
    /// nothing is left.
    static func withRedis(
        in directory: DataDirectory, _ body: @escaping @Sendable () async throws -> Void
    ) async throws {
        let redis = try EmbeddedRedis(directory: directory, searchPath: searchPath, logger: quiet)
        try await whileRunning(redis, in: directory, body)
    }

    private static func whileRunning(
        _ redis: EmbeddedRedis, in directory: DataDirectory,
        _ body: @escaping @Sendable () async throws -> Void
    ) async throws {
        try await redis.endLeftovers()
        let group = ServiceGroup(services: [redis], logger: quiet)
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            #expect(await redis.ready.wait(within: timeout))
            do { try await body() } catch { Issue.record(error) }
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
        }
        #expect(try LeftoverRedis.processes(in: directory).isEmpty)
    }

    /// What `redis-cli` says to a command.
    static func ask(_ directory: DataDirectory, _ command: String...) async throws -> String {
        let result = try await Subprocess.run(
            .name("redis-cli"), arguments: Arguments(["-s", directory.socketPath] + command),
            output: .string(limit: 65_536), error: .string(limit: 65_536))
        return result.standardOutput.trimmingCharacters(in: .newlines)
    }

    /// The one server of that directory.
    static func pid(in directory: DataDirectory) throws -> pid_t {
        let pids = try LeftoverRedis.processes(in: directory)
        try #require(pids.count == 1)
        return pids[0]
    }

    @Test(
        "It starts in a private directory, keeps a log, has a session of its own, and stops without a trace")
    func lifecycle() async throws {
        try await Self.withPath { path in
            let directory = try DataDirectory(path: path)
            let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
            #expect(mode == 0o700)
            try await Self.withRedis(in: directory) { () async throws in
                #expect(try await Self.ask(directory, "CONFIG", "GET", "appendonly") == "appendonly\nyes")
                #expect(try await Self.ask(directory, "CONFIG", "GET", "save") == "save")
                #expect(try await Self.ask(directory, "CONFIG", "GET", "port") == "port\n0")
                #expect(
                    try await Self.ask(directory, "CONFIG", "GET", "maxmemory-policy")
                        == "maxmemory-policy\nnoeviction")
                let pid = try Self.pid(in: directory)
                #expect(getsid(pid) == pid)
                #expect(getsid(pid) != getsid(0))
            }
            // What was charged is there after a restart.
            try await Self.withRedis(in: directory) { () async throws in
                #expect(try await Self.ask(directory, "SET", "charge", "7") == "OK")
            }
            try await Self.withRedis(in: directory) { () async throws in
                #expect(try await Self.ask(directory, "GET", "charge") == "7")
            }
        }
    }

    @Test("Killed with -9 it comes back at once, with its data")
    func restart() async throws {
        try await Self.withPath { path in
            let directory = try DataDirectory(path: path)
            try await Self.withRedis(in: directory) { () async throws in
                #expect(try await Self.ask(directory, "SET", "charge", "7") == "OK")
                let first = try Self.pid(in: directory)
                let killed = ContinuousClock.now
                kill(first, SIGKILL)
                try await eventually("it answers", within: Self.timeout) {
                    try await Self.ask(directory, "PING") == "PONG"
                }
                let away = ContinuousClock.now - killed
                print("embedded Redis: killed with -9, answered again after \(away)")
                // A tenth to a third of a second; the bound leaves room for a machine that is busy
                // with other tests.
                #expect(away < .seconds(5))
                #expect(try Self.pid(in: directory) != first)
                #expect(try await Self.ask(directory, "GET", "charge") == "7")
            }
        }
    }

    @Test("A directory that another Stint uses is refused, and free again afterwards")
    func exclusive() async throws {
        try await Self.withPath { path in
            do {
                let first = try DataDirectory(path: path)
                let expected =
                    "data.dir: refused: another stint (pid \(getpid())) uses \(first.path). "
                    + "Stop it, or type: --data-dir OTHER, or share one Redis: --redis-url URL"
                #expect(throws: EmbeddedRedisError(description: expected)) { try DataDirectory(path: path) }
                withExtendedLifetime(first) {}
            }
            #expect(throws: Never.self) { try DataDirectory(path: path) }
        }
    }

    @Test(
        "What an earlier Stint left behind is ended before a new Redis starts, and its data is kept",
        arguments: [
            false, true,
        ])
    func takeover(isStopped: Bool) async throws {
        try await Self.withPath { path in
            let directory = try DataDirectory(path: path)
            try await withThrowingTaskGroup(of: TerminationStatus.self) { tasks in
                // As the embedded one is started, but by nobody who would end it.
                tasks.addTask {
                    try await Subprocess.run(
                        .name("redis-server"),
                        arguments: [
                            "--port", "0", "--unixsocket", directory.socketPath, "--dir", directory.path,
                            "--appendonly", "yes", "--save", "",
                        ],
                        workingDirectory: FilePath(directory.path), output: .discarded
                    ).terminationStatus
                }
                try await eventually("it answers", within: Self.timeout) {
                    try await Self.ask(directory, "PING") == "PONG"
                }
                #expect(try await Self.ask(directory, "SET", "charge", "7") == "OK")
                let left = try Self.pid(in: directory)
                if isStopped { kill(left, SIGSTOP) }
                let service = Task {
                    try await Self.withRedis(in: directory) { () async throws in
                        #expect(try await Self.ask(directory, "GET", "charge") == "7")
                        #expect(try Self.pid(in: directory) != left)
                    }
                }
                // SIGTERM, which Redis obeys by itself: not a kill.
                #expect(try await tasks.next() == .exited(0))
                try await service.value
            }
        }
    }

    @Test("Whatever else works in the directory is no leftover and is left alone")
    func strangers() async throws {
        try await Self.withPath { path in
            let directory = try DataDirectory(path: path)
            // Its command line says what a server's says, and its program is another.
            let (process, input, output) = (Process(), Pipe(), Pipe())
            process.executableURL = URL(filePath: "/bin/sh")
            process.arguments = ["-c", "echo ready; read unixsocket; exit 7"]
            process.currentDirectoryURL = URL(filePath: directory.path)
            process.standardInput = input
            process.standardOutput = output
            try process.run()
            #expect(try output.fileHandleForReading.read(upToCount: 6) == Data("ready\n".utf8))
            #expect(try LeftoverRedis.processes(in: directory).isEmpty)
            try await LeftoverRedis(directory: directory, logger: Self.quiet).end()
            try input.fileHandleForWriting.close()
            process.waitUntilExit()
            #expect(process.terminationReason == .exit && process.terminationStatus == 7)
        }
    }

    @Test("Of the environment the server gets what is harmless, and no token")
    func environment() async throws {
        try await Self.withPath { path in
            let directory = try DataDirectory(path: path)
            let (programs, seen) = (path + "-bin", path + "-seen")
            try FileManager.default.createDirectory(atPath: programs, withIntermediateDirectories: true)
            let wrapper = "#!/bin/sh\n/usr/bin/env >\(seen)\nexec redis-server \"$@\"\n"
            #expect(
                FileManager.default.createFile(
                    atPath: programs + "/redis-server", contents: Data(wrapper.utf8),
                    attributes: [.posixPermissions: 0o700]))
            let environment = [
                "PATH": Self.searchPath, "TZ": "UTC", "STINT_TOKEN": "stint_secret", "AWS_SECRET": "secret",
            ]
            let redis = try EmbeddedRedis(
                directory: directory, searchPath: programs, environment: environment, logger: Self.quiet)
            try await Self.whileRunning(redis, in: directory) {
                let lines = try String(contentsOfFile: seen, encoding: .utf8).split(separator: "\n")
                // What the shell adds by itself.
                let names = Set(lines.map { $0.prefix { $0 != "=" } }).subtracting([
                    "PWD", "SHLVL", "_", "OLDPWD",
                ])
                #expect(names == ["PATH", "TZ"])
            }
        }
    }

    @Test("A directory too long for a socket gets a short private one, the same each time")
    func longPath() async throws {
        try await Self.withPath { path in
            let long = path + "/" + String(repeating: "long/", count: 20) + "end"
            let temporary = path + "-t"
            try FileManager.default.createDirectory(atPath: temporary, withIntermediateDirectories: true)
            let first = try DataDirectory(path: long, temporary: temporary).socketPath
            let directory = try DataDirectory(path: long, temporary: temporary)
            #expect(directory.socketPath == first)
            #expect(first.utf8.count <= UnixSocketPath.maximumBytes)
            let folder = (first as NSString).deletingLastPathComponent
            #expect(
                try FileManager.default.attributesOfItem(atPath: folder)[.posixPermissions] as? Int == 0o700)
            try await Self.withRedis(in: directory) { () async throws in
                #expect(try await Self.ask(directory, "PING") == "PONG")
            }
        }
    }

    @Test("Without a server program it says what to type")
    func noServer() async throws {
        try await Self.withPath { path in
            let directory = try DataDirectory(path: path)
            #expect(throws: EmbeddedRedisError.self) {
                try EmbeddedRedis(directory: directory, searchPath: path, logger: Self.quiet)
            }
        }
    }

    @Test("A directory that cannot be made is refused")
    func unusable() async throws {
        try await Self.withPath { path in
            #expect(FileManager.default.createFile(atPath: path, contents: nil))
            #expect(throws: EmbeddedRedisError.self) { try DataDirectory(path: path + "/inside") }
        }
    }
}
