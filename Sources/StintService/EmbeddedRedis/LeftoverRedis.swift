// Redis processes that still work in our data directory although their Stint is gone (it was killed
// with -9) or their parent is (a child that was rewriting the log). They are ended before ours
// starts, because two of them would write one log. Found by their working directory, their program
// and their user, so no file can be stale or missing, and nothing else that happens to work there
// is ended.

import Foundation
import Glibc
import Logging

struct LeftoverRedis {
    /// How long SIGTERM is given before SIGKILL. Redis writes out its log and leaves; that takes
    /// milliseconds.
    static let timeout: Duration = .seconds(10)
    /// What a server's program file may be called: some distributions have one for the server and
    /// its checks.
    static let programs: Set<String> = [
        "redis-server", "redis-check-rdb", "redis-check-aof", "valkey-server", "valkey-check-rdb",
        "valkey-check-aof",
    ]

    let directory: DataDirectory
    let logger: Logger

    /// Ends them and returns when they are gone. The caller holds the directory's lock.
    /// - Throws: `CancellationError`, or an error when one cannot be ended.
    func end(clock: some Clock<Duration> = ContinuousClock()) async throws {
        for pid in try Self.processes(in: directory) {
            // A number may be another process's by now: it is told by when it started.
            guard let start = Self.start(of: pid), Self.isServer(pid, in: directory) else { continue }
            logger.notice("ending a Redis that an earlier Stint left behind", metadata: ["pid": "\(pid)"])
            try Self.send(SIGTERM, to: pid)
            try Self.send(SIGCONT, to: pid)
            let deadline = clock.now.advanced(by: Self.timeout)
            while Self.start(of: pid) == start {
                if clock.now >= deadline { try Self.send(SIGKILL, to: pid) }
                try await clock.sleep(for: .milliseconds(5))
            }
        }
    }

    /// The pids of Redis servers whose working directory is ours.
    static func processes(in directory: DataDirectory) throws -> [pid_t] {
        try FileManager.default.contentsOfDirectory(atPath: "/proc").compactMap { pid_t($0) }.filter {
            isServer($0, in: directory) && start(of: $0) != nil
        }
    }

    private static func isServer(_ pid: pid_t, in directory: DataDirectory) -> Bool {
        // A process may end at any moment, and those of other users do not show their directory.
        func target(_ link: String) -> String? {
            try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(pid)/\(link)")
        }
        var process = stat()
        guard target("cwd") == directory.path, stat("/proc/\(pid)", &process) == 0,
            process.st_uid == geteuid(),
            let program = target("exe"),
            let line = FileManager.default.contents(atPath: "/proc/\(pid)/cmdline")
        else { return false }
        // An upgrade may have replaced the file meanwhile.
        let path = program.hasSuffix(" (deleted)") ? program.dropLast(10) : program[...]
        return programs.contains(String(path.split(separator: "/").last ?? ""))
            && String(decoding: line, as: UTF8.self).contains("unixsocket")
    }

    /// When it started, in the kernel's ticks; nil when it does not run. A dead process that nobody
    /// has collected does not.
    private static func start(of pid: pid_t) -> Substring? {
        guard let stat = FileManager.default.contents(atPath: "/proc/\(pid)/stat") else { return nil }
        // "pid (name) state ...", where the name may hold anything; the start is the 20th from the
        // state on.
        let fields = String(decoding: stat, as: UTF8.self).split(separator: ")").last?.split(separator: " ")
        guard let fields, fields.count >= 20, fields[0] != "Z", fields[0] != "X" else { return nil }
        return fields[19]
    }

    private static func send(_ signal: Int32, to pid: pid_t) throws {
        guard kill(pid, signal) == 0 || errno == ESRCH else {
            throw EmbeddedRedisError(
                description: "data.dir: a Redis (pid \(pid)) works in it and cannot be ended: "
                    + "\(String(cString: strerror(errno))). Type: kill \(pid)")
        }
    }
}
