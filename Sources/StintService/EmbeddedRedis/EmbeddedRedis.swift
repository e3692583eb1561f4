// The Redis that Stint starts for itself when no URL is given: a child process on a Unix socket in
// the data directory, with an append-only log. Started, watched, restarted when it dies, stopped
// when Stint stops; given up when its data cannot be read (`StartFailure`). It has a session of its
// own, so that Ctrl-C in a terminal reaches Stint only and requests are drained first.

import Foundation
import Logging
import ServiceLifecycle
import Subprocess
import SystemPackage

struct EmbeddedRedis: Service {
    /// How long it may take to stop before it is killed.
    static let stopPatience: Duration = .seconds(10)
    static let firstPause: Duration = .milliseconds(50)
    static let longestPause: Duration = .seconds(1)
    /// Starts that may fail in a row before it has ever been ready.
    static let maximumFailedStarts = 5
    /// What it gets of our environment; the rest, a token perhaps, is none of its business.
    static let inherited: Set<String> = ["PATH", "LANG", "LC_ALL", "TZ"]

    /// It has read its data and answers, for the first time.
    let ready = Milestone()

    private let directory: DataDirectory
    private let appendFsync: Settings.AppendFsync
    private let binary: String
    private let environment: [String: String]
    private let logger: Logger

    /// - Parameters:
    ///   - searchPath: directories to look in for `redis-server` or `valkey-server`, as in `PATH`.
    ///     - environment: ours, of which it gets what is ``inherited``.
    /// - Throws: ``EmbeddedRedisError`` when there is no server program.
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
                    + "or --redis-url URL for a Redis of your own, or --ledger memory")
        }
        self.directory = directory
        self.appendFsync = appendFsync
        self.binary = binary
        self.environment = environment.filter { Self.inherited.contains($0.key) }
        self.logger = logger
    }

    var socketPath: String { directory.socketPath }

    /// Ends what an earlier Stint left running in the directory. To be called before ``run()`` by
    /// whoever wants to be sure that the server that answers is ours.
    func endLeftovers() async throws {
        try await LeftoverRedis(directory: directory, logger: logger).end()
    }

    /// Keeps it running until graceful shutdown or cancellation; both stop it.
    /// - Throws: ``EmbeddedRedisError`` when its data is damaged, and when it never became ready in
    ///   some starts.
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
                // Once for each reason, however often it tries.
                level: failedStarts > 1 && output.last == lastOutput ? .debug : .error,
                "the embedded Redis ended; starting it again",
                metadata: ["ending": "\(ending)", "pause": "\(pause)", "lastWords": "\(output.last)"])
            lastOutput = output.last
            try await cancelWhenGracefulShutdown { [pause] in
                // Woken early only to stop; the loop's condition sees it.
                do { try await Task.sleep(for: pause) } catch is CancellationError {}
            }
            pause = min(pause * 2, Self.longestPause)
        }
    }

    /// From its start to its end; what it says is logged at debug.
    private func runOnce() async throws -> (ending: TerminationStatus, output: RedisOutput) {
        var options = PlatformOptions()
        options.createSession = true
        let stop: [TeardownStep] = [.gracefulShutDown(allowedDurationToNextStep: Self.stopPatience)]
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
                // Its output ends when it does.
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

    /// It mends by itself a log whose last command is not whole, as after a loss of power.
    private func warnOfCut(_ line: String) {
        logger.warning(
            "the embedded Redis cut off the end of its log, which was not whole; charges written last are forgotten",
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
