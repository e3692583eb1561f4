// Ends Redis processes that still run in the data directory after their Stint (killed with -9) or
// their parent (of a child that rewrites the log) is gone. This happens before the embedded Redis
// starts, because two servers would write one log. They are found by working directory, program and
// user: so there is no pid file to be stale or missing, and no other process is ended.

import Foundation
import Glibc
import Logging

struct LeftoverRedis {
    /// The time from SIGTERM to SIGKILL. Redis needs milliseconds to write its log and exit.
    static let timeout: Duration = .seconds(10)
    /// Names of a server's program file. Some distributions have one file for the server and its
    /// checks.
    static let programs: Set<String> = [
        "redis-server", "redis-check-rdb", "redis-check-aof", "valkey-server", "valkey-check-rdb",
        "valkey-check-aof",
    ]

    let directory: DataDirectory
    let logger: Logger

    /// Ends them and returns when they are gone. The caller must hold the directory's lock.
    /// - Throws: `CancellationError`, or ``EmbeddedRedisError`` if a process cannot be ended.
    func end(clock: some Clock<Duration> = ContinuousClock()) async throws {
        for pid in try Self.processes(in: directory) {
            // The pid may belong to another process by now, which has another start time.
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

    /// The pids of Redis servers whose working directory is `directory`.
    static func processes(in directory: DataDirectory) throws -> [pid_t] {
        try FileManager.default.contentsOfDirectory(atPath: "/proc").compactMap { pid_t($0) }.filter {
            isServer($0, in: directory) && start(of: $0) != nil
        }
    }

    private static func isServer(_ pid: pid_t, in directory: DataDirectory) -> Bool {
        // A process may end at any time, and those of other users do not show their directory.
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

    /// When the process started, in the kernel's ticks; nil if it does not run. A zombie does not
    /// run.
    private static func start(of pid: pid_t) -> Substring? {
        guard let stat = FileManager.default.contents(atPath: "/proc/\(pid)/stat") else { return nil }
        // "pid (name) state ...": the name may contain any character. The start time is the 20th
        // field from the state on.
        let fields = String(decoding: stat, as: UTF8.self).split(separator: ")").last?.split(separator: " ")
        guard let fields, fields.count >= 20, fields[0] != "Z", fields[0] != "X" else { return nil }
        return fields[19]
    }

    private static func send(_ signal: Int32, to pid: pid_t) throws {
        guard kill(pid, signal) == 0 || errno == ESRCH else {
            throw EmbeddedRedisError(
                description: "data.dir: another Redis (pid \(pid)) uses it and cannot be ended: "
                    + "\(String(cString: strerror(errno))). Type: kill \(pid)")
        }
    }
}
