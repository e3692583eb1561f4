// The embedded Redis, which Stint starts if no URL is set: a child process on a Unix socket in the
// data directory, with an append-only log. Stint restarts it when it dies and stops it at the end.
// If its data cannot be read, Stint stops too (`StartFailure`). It runs in its own session, so that
// Ctrl-C in a terminal reaches only Stint, which drains the requests first.

import Foundation
import Logging
import ServiceLifecycle
import Subprocess
import SystemPackage

struct EmbeddedRedis: Service {
    /// How long it has to stop before it is killed.
    static let stopTimeout: Duration = .seconds(10)
    static let firstPause: Duration = .milliseconds(50)
    static let longestPause: Duration = .seconds(1)
    /// Failed starts in a row, before it was ever ready, after which Stint stops.
    static let maximumFailedStarts = 5
    /// The variables that it gets from Stint's environment. The others may hold secrets.
    static let inherited: Set<String> = ["PATH", "LANG", "LC_ALL", "TZ"]

    /// It has read its data and answers, for the first time.
    let ready = Milestone()

    private let directory: DataDirectory
    private let appendFsync: Settings.AppendFsync
    /// The file of its program: the first `redis-server` on the search path, or if there is none
    /// the first `valkey-server`.
    let binary: String
    private let environment: [String: String]
    private let logger: Logger

    /// - Parameters:
    ///   - directory: where it keeps its data.
    ///   - appendFsync: when it syncs its log to disk.
    ///   - searchPath: directories to search for `redis-server` or `valkey-server`, as in `PATH`.
    ///   - environment: Stint's variables; it gets those in ``inherited``.
    ///   - logger: gets its starts, ends and output.
    /// - Throws: ``EmbeddedRedisError`` if there is no server program.
    init(
        directory: DataDirectory, appendFsync: Settings.AppendFsync = .everysec, searchPath: String,
        environment: [String: String] = [:], logger: Logger
    ) throws(EmbeddedRedisError) {
        let folders = searchPath.split(separator: ":")
        let candidates = ["redis-server", "valkey-server"].flatMap { name in folders.map { "\($0)/\(name)" } }
        guard let binary = candidates.first(where: { FileManager.default.isExecutableFile(atPath: $0) })
        else {
            throw EmbeddedRedisError(
                description: "no redis-server or valkey-server on PATH. Type: apt-get install redis-server, "
                    + "or --redis-url URL for your Redis, or --ledger memory")
        }
        self.directory = directory
        self.appendFsync = appendFsync
        self.binary = binary
        self.environment = environment.filter { Self.inherited.contains($0.key) }
        self.logger = logger
    }

    var socketPath: String { directory.socketPath }

    /// Ends servers that an earlier Stint left running in the directory. Call it before ``run()``
    /// to be sure that the server that answers is this one.
    func endLeftovers() async throws {
        try await LeftoverRedis(directory: directory, logger: logger).end()
    }

    /// Keeps it running until graceful shutdown or cancellation, which stop it.
    /// - Throws: ``EmbeddedRedisError`` if its data is damaged, or if it was never ready in
    ///   ``maximumFailedStarts`` starts.
    func run() async throws {
        var pause = Self.firstPause
        var (failedStarts, wasReady, lastOutput) = (0, false, "")
        while !Task.isCancelled, !Task.isShuttingDownGracefully {
            try await endLeftovers()
            let started = ContinuousClock.now
            let (ending, output) = try await runOnce()
            if Task.isCancelled || Task.isShuttingDownGracefully { return }
            if ContinuousClock.now - started > .seconds(10) { pause = Self.firstPause }
            failedStarts = output.isReady ? 0 : failedStarts + 1
            wasReady = wasReady || output.isReady
            if !output.isReady {
                let failure = StartFailure(directory: directory.path, binary: binary, output: output)
                if let damage = failure.damage { throw EmbeddedRedisError(description: damage) }
                if !wasReady, failedStarts == Self.maximumFailedStarts {
                    throw EmbeddedRedisError(
                        description: failure.surrender(after: failedStarts, ending: "\(ending)"))
                }
            }
            logger.log(
                // An error once per reason, not once per try.
                level: failedStarts > 1 && output.last == lastOutput ? .debug : .error,
                "the embedded Redis ended; starting it again",
                metadata: ["ending": "\(ending)", "pause": "\(pause)", "lastWords": "\(output.last)"])
            lastOutput = output.last
            try await cancelWhenGracefulShutdown { [pause] in
                // Only a stop ends the sleep early, and the loop's condition checks for it.
                do { try await Task.sleep(for: pause) } catch is CancellationError {}
            }
            pause = min(pause * 2, Self.longestPause)
        }
    }

    /// Runs it once, from start to end. Its output is logged at debug.
    private func runOnce() async throws -> (ending: TerminationStatus, output: RedisOutput) {
        var options = PlatformOptions()
        options.createSession = true
        let stop: [TeardownStep] = [.gracefulShutDown(allowedDurationToNextStep: Self.stopTimeout)]
        options.teardownSequence = stop
        let result = try await Subprocess.run(
            .path(FilePath(binary)), arguments: Arguments(arguments),
            environment: .custom(environment.map { Array("\($0)=\($1)\0".utf8) }),
            workingDirectory: FilePath(directory.path),
            platformOptions: options, input: .none, output: .sequence, error: .combinedWithOutput
        ) { execution in
            logger.debug("embedded Redis started", metadata: ["pid": "\(execution.processIdentifier)"])
            return try await withThrowingTaskGroup(of: RedisOutput?.self) { group in
                group.addTask {
                    try await gracefulShutdown()
                    await execution.teardown(using: stop)
                    return nil
                }
                group.addTask {
                    var output = RedisOutput()
                    for try await line in execution.standardOutput.strings() where !line.isEmpty {
                        logger.debug("embedded Redis says", metadata: ["line": "\(line)"])
                        if line.contains("Truncating the AOF") { warnOfCut(line) }
                        output.add(line)
                        if output.isReady { ready.reach() }
                    }
                    return output
                }
                // Its output ends with the process.
                while let output = try await group.next() {
                    guard let output else { continue }
                    group.cancelAll()
                    return output
                }
                return RedisOutput()
            }
        }
        return (result.terminationStatus, result.closureResult)
    }

    /// Redis itself repairs a log whose last command is incomplete, for example after a power loss.
    private func warnOfCut(_ line: String) {
        logger.warning(
            "the embedded Redis cut off the incomplete end of its log; the charges written last are lost",
            metadata: ["redis": "\(RedisOutput.bare(line))"])
    }

    private var arguments: [String] {
        [
            "--port", "0", "--unixsocket", directory.socketPath, "--unixsocketperm", "700",
            "--dir", directory.path, "--appendonly", "yes", "--appendfsync", appendFsync.rawValue, "--save",
            "",
            "--maxmemory-policy", "noeviction", "--daemonize", "no", "--logfile", "", "--loglevel", "notice",
        ]
    }
}
