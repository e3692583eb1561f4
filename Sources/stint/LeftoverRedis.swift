// Redis processes that still work in our data directory although their Stint is gone (it was killed with -9)
// or their parent is (a child that was rewriting the log). They are ended before ours starts, because two of
// them would write one log. Found by their working directory, so no file can be stale or missing.

import Foundation
import Glibc
import Logging

struct LeftoverRedis {
    /// How long SIGTERM is given before SIGKILL. Redis writes out its log and leaves; that takes milliseconds.
    static let patience: Duration = .seconds(10)

    let directory: DataDirectory
    let logger: Logger

    /// Ends them and returns when they are gone. The caller holds the directory's lock.
    /// - Throws: `CancellationError`, or an error when one cannot be ended.
    func end(clock: some Clock<Duration> = ContinuousClock()) async throws {
        for pid in try Self.processes(in: directory) {
            logger.notice("ending a Redis that an earlier Stint left behind", metadata: ["pid": "\(pid)"])
            try Self.send(SIGTERM, to: pid)
            try Self.send(SIGCONT, to: pid)
            let deadline = clock.now.advanced(by: Self.patience)
            while Self.runs(pid) {
                if clock.now >= deadline { try Self.send(SIGKILL, to: pid) }
                try await clock.sleep(for: .milliseconds(5))
            }
        }
    }

    /// The pids of Redis servers whose working directory is ours.
    static func processes(in directory: DataDirectory) throws -> [pid_t] {
        try FileManager.default.contentsOfDirectory(atPath: "/proc").compactMap { pid_t($0) }.filter { pid in
            // A process may end at any moment, and those of other users do not show their directory.
            guard
                let home = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(pid)/cwd"),
                home == directory.path,
                let line = FileManager.default.contents(atPath: "/proc/\(pid)/cmdline")
            else { return false }
            return String(decoding: line, as: UTF8.self).contains("unixsocket") && runs(pid)
        }
    }

    /// Whether it still runs; a dead process that nobody has collected does not.
    static func runs(_ pid: pid_t) -> Bool {
        guard let stat = FileManager.default.contents(atPath: "/proc/\(pid)/stat") else { return false }
        // "pid (name) state ...", where the name may hold anything.
        let state = String(decoding: stat, as: UTF8.self).split(separator: ")").last?.split(separator: " ")
            .first
        return state != "Z" && state != "X"
    }

    private static func send(_ signal: Int32, to pid: pid_t) throws {
        guard kill(pid, signal) == 0 || errno == ESRCH else {
            throw EmbeddedRedisError(
                description: "data.dir: a Redis (pid \(pid)) works in it and cannot be ended: "
                    + "\(String(cString: strerror(errno))). Type: kill \(pid)")
        }
    }
}
