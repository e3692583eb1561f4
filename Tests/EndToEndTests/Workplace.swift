// A directory for one test in which Stint processes are started, and the check at the end that
// neither they nor their Redis are left. The binary is the one that was built together with these
// tests.

import AsyncHTTPClient
import Foundation
import Glibc
import NIOPosix
import Synchronization
import TestServers
import Testing

final class Workplace: Sendable {
    /// How long a start or a stop may take on a busy machine.
    static let timeout: Duration = .seconds(30)

    private let directory: TemporaryDirectory
    private let children = Mutex<[ChildProcess]>([])
    /// For everything that is asked here; as many connections as anybody wants.
    let http: HTTPClient

    /// Gives `body` a workplace; afterwards every Stint in it is stopped as `kill` does it, and
    /// must obey.
    static func open<Result>(
        isolation: isolated (any Actor)? = #isolation, _ body: (Workplace) async throws -> Result
    ) async throws -> Result {
        let place = try Workplace()
        do {
            let result = try await body(place)
            try await place.clear()
            return result
        } catch {
            try await place.clear()
            throw error
        }
    }

    private init() throws {
        directory = try TemporaryDirectory()
        var configuration = HTTPClient.Configuration()
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = 128
        http = HTTPClient(eventLoopGroup: .singletonMultiThreadedEventLoopGroup, configuration: configuration)
    }

    func file(_ name: String) -> String { directory.file(name) }

    /// - Returns: the path of a file with that text.
    func write(_ text: String, to name: String) throws -> String {
        try directory.write(text, to: name)
        return file(name)
    }

    // MARK: Stints

    /// Where the embedded Redis of every Stint in this place has its data.
    var dataDirectory: String { file("data") }

    static var binary: String {
        get throws {
            let tests = URL(fileURLWithPath: CommandLine.arguments[0])
            let path = tests.deletingLastPathComponent().appending(path: "stint").path
            guard FileManager.default.isExecutableFile(atPath: path) else {
                throw Unexpected("there is no \(path). Type: swift build --product stint")
            }
            return path
        }
    }

    /// The deadlines that users have. For faults only: on a busy machine a healthy Redis misses
    /// them too.
    static let realDeadlines = ["--redis-connect-deadline-ms", "90", "--redis-command-deadline-ms", "250"]

    /// Lets the embedded Redis be the program that the tests start, if that was named.
    private static func path(_ programs: String?) -> [String] {
        (programs ?? RedisProgram.folder).map { ["env", "PATH=\($0)"] } ?? []
    }

    /// `stint serve` with free ports, the data directory, much patience with Redis and `arguments`,
    /// which win.
    /// - Parameter descriptors: how many it may have, `SOFT:HARD` or one for both, as `ulimit -n`
    ///   sets it.
    private func spawn(
        _ arguments: [String], descriptors: String? = nil, programs: String? = nil
    ) throws -> (child: ChildProcess, log: String) {
        let defaults = [
            "--runner-address", "127.0.0.1:0", "--admin-address", "127.0.0.1:0", "--data-dir", dataDirectory,
            "--redis-connect-deadline-ms", "3000", "--redis-command-deadline-ms", "3000",
        ]
        let log = file("stint-\(children.withLock { $0.count }).log")
        // SIGTERM, because it has a Redis to stop when these tests are killed.
        let child = try ChildProcess(
            (descriptors.map { ["prlimit", "--nofile=\($0)"] } ?? []) + Self.path(programs)
                + [Self.binary, "serve"] + defaults + arguments, log: log, lastSignal: "TERM")
        children.withLock { $0.append(child) }
        return (child, log)
    }

    /// Runs `stint` with these arguments until it ends by itself, which must be soon.
    /// - Parameters:
    ///   - environment: variables besides ours.
    ///   - meanwhile: what happens to it before that is
    ///     awaited.
    func run(
        _ arguments: [String], environment: [String: String] = [:],
        isolation: isolated (any Actor)? = #isolation,
        meanwhile: (ChildProcess) async throws -> Void = { _ in }
    ) async throws -> (ending: ChildProcess.Ending?, output: String) {
        let log = file("run.log")
        unlink(log)
        let variables = environment.map { "\($0)=\($1)" }
        let child = try ChildProcess(["env"] + variables + [Self.binary] + arguments, log: log)
        do {
            try await meanwhile(child)
        } catch {
            child.stop()
            throw error
        }
        try await eventually("stint \(arguments[0]) ends", within: Self.timeout) { !child.isRunning }
        return (child.ending, contents(of: log))
    }

    /// Starts one and waits until it says that it serves.
    /// - Parameters:
    ///   - descriptors: how many it may have.
    ///   - programs: the folder with the program of the embedded Redis; nil: that which the tests
    ///     start.
    func start(
        _ arguments: [String] = [], descriptors: String? = nil, programs: String? = nil
    ) async throws -> Stint {
        let (child, log) = try spawn(arguments, descriptors: descriptors, programs: programs)
        try await eventually("stint serves", within: Self.timeout) {
            guard child.isRunning else { throw Unexpected("stint ended: \(contents(of: log))") }
            return contents(of: log).contains("stint serves\n")
        }
        return try Stint(child, log: log, http: http)
    }

    /// Starts one that must refuse to run.
    func refusal(
        _ arguments: [String], descriptors: String? = nil
    ) async throws -> (ending: ChildProcess.Ending?, log: String) {
        let (child, log) = try spawn(arguments, descriptors: descriptors)
        try await eventually("stint ends by itself", within: Self.timeout) { !child.isRunning }
        return (child.ending, contents(of: log))
    }

    // MARK: The embedded Redis

    /// The servers that work in the data directory; one, unless something is wrong or it is being
    /// restarted.
    func redisPids() throws -> [pid_t] {
        guard let path = realpath(dataDirectory, nil) else { return [] }
        defer { free(path) }
        let home = String(cString: path)
        return try FileManager.default.contentsOfDirectory(atPath: "/proc").compactMap { pid_t($0) }.filter {
            var buffer = [CChar](repeating: 0, count: 4_096)
            // A process may end at any moment; then its link is gone.
            let count = readlink("/proc/\($0)/cwd", &buffer, buffer.count - 1)
            return count > 0 && String(decoding: buffer.prefix(count).map(UInt8.init), as: UTF8.self) == home
        }
    }

    func redisPid() throws -> pid_t {
        let pids = try redisPids()
        guard pids.count == 1 else { throw Unexpected("\(pids.count) Redis servers in the data directory") }
        return pids[0]
    }

    /// One command to the embedded Redis.
    @discardableResult
    func redis(_ command: String...) throws -> String {
        var connection = try BlockingConnection(socketPath: dataDirectory + "/redis.sock")
        return try connection.command(command)
    }

    /// Waits until the embedded Redis answers.
    func redisAnswers() async throws {
        try await eventually("the embedded Redis answers", within: Self.timeout) {
            do { return try redis("PING") == "PONG" } catch is TestServerError { return false }
        }
    }

    // MARK: The end

    private func clear() async throws {
        let running = children.withLock { $0 }.filter(\.isRunning)
        for child in running { child.send(SIGTERM) }
        do {
            try await eventually("every stint has stopped after SIGTERM", within: Self.timeout) {
                !running.contains(where: \.isRunning)
            }
        } catch {
            Issue.record("\(error); its log: \(contents(of: file("stint-0.log")))")
            for child in running { child.stop() }
        }
        for child in running { #expect(child.ending == .exited(0), "stint (pid \(child.pid)) after SIGTERM") }
        let left = try redisPids()
        #expect(left.isEmpty, "a Redis outlived its stint")
        for pid in left { kill(pid, SIGKILL) }
        try await http.shutdown()
        directory.remove()
    }
}
