// The directory where the embedded Redis keeps its data. It is created if missing, refused if
// others may write it, and locked by one Stint at a time. Also finds a path for the Unix socket,
// which the kernel requires to be short.

import Foundation
import Glibc
import WireFormat

/// The embedded Redis cannot be used. The description says why, and what a person must do.
struct EmbeddedRedisError: Error, Equatable, CustomStringConvertible {
    let description: String
}

/// A locked data directory. The lock ends with this value, or with the process.
final class DataDirectory: Sendable {
    /// Absolute, without symbolic links.
    let path: String
    /// Where the embedded Redis listens.
    let socketPath: String
    private let lock: Int32

    /// - Parameters:
    ///   - path: the directory.
    ///   - temporary: where the socket goes if `path` is too long for one.
    /// - Throws: ``EmbeddedRedisError`` if the directory cannot be created, others may write it, or
    ///   another process has locked it.
    init(path: String, temporary: String = NSTemporaryDirectory()) throws(EmbeddedRedisError) {
        try Self.make(path)
        self.path = try Self.resolved(path)
        lock = try Self.lock(self.path)
        let socket = self.path + "/redis.sock"
        if socket.utf8.count <= UnixSocketPath.maximumBytes {
            socketPath = socket
        } else {
            // A data directory always gets the same short directory, private to this user.
            let short =
                "\(try Self.resolved(temporary))/stint-\(geteuid())-\(Fingerprint(of: self.path.utf8).text)"
            do {
                try Self.makePrivate(short)
            } catch {
                close(lock)
                throw error
            }
            socketPath = short + "/redis.sock"
        }
    }

    deinit { close(lock) }

    private static func make(_ path: String) throws(EmbeddedRedisError) {
        do {
            try FileManager.default.createDirectory(
                atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            throw EmbeddedRedisError(
                description: "data.dir: cannot create \(path): \(error.localizedDescription). "
                    + "Type: --data-dir DIR, with a directory that Stint may write")
        }
    }

    /// Creates the socket's directory in one where every user may create directories. So one that
    /// exists may belong to any user, and is checked.
    private static func makePrivate(_ path: String) throws(EmbeddedRedisError) {
        guard mkdir(path, 0o700) == 0 || errno == EEXIST else {
            throw EmbeddedRedisError(
                description:
                    "data.dir: cannot create \(path) for the socket: \(String(cString: strerror(errno))). "
                    + "Type: --data-dir DIR, with a shorter path")
        }
        close(try OwnDirectory.open(path, refusing: 0o077))
    }

    private static func resolved(_ path: String) throws(EmbeddedRedisError) -> String {
        guard let resolved = realpath(path, nil) else {
            throw EmbeddedRedisError(
                description: "data.dir: cannot resolve \(path): \(String(cString: strerror(errno)))")
        }
        defer { free(resolved) }
        return String(cString: resolved)
    }

    private static func lock(_ directory: String) throws(EmbeddedRedisError) -> Int32 {
        let home = try OwnDirectory.open(directory, refusing: 0o022)
        defer { close(home) }
        let flags = O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK
        let file = openat(home, "lock", flags, 0o600)
        guard file >= 0 else {
            guard errno != ELOOP else { throw notOurLock(in: directory) }
            throw EmbeddedRedisError(
                description: "data.dir: cannot write in \(directory): \(String(cString: strerror(errno))). "
                    + "Type: --data-dir DIR, with a directory that Stint may write")
        }
        var found = stat()
        guard fstat(file, &found) == 0, found.st_mode & S_IFMT == S_IFREG, found.st_uid == geteuid(),
            found.st_nlink == 1
        else {
            close(file)
            throw notOurLock(in: directory)
        }
        guard flock(file, LOCK_EX | LOCK_NB) == 0 else {
            var bytes = [UInt8](repeating: 0, count: 20)
            let count = read(file, &bytes, bytes.count)
            let owner = String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
            close(file)
            throw EmbeddedRedisError(
                description: "data.dir: refused: another stint (pid \(owner)) uses \(directory). "
                    + "Stop it, or type: --data-dir OTHER, or share one Redis: --redis-url URL")
        }
        var pid = Array("\(getpid())".utf8)
        guard ftruncate(file, 0) == 0, pwrite(file, &pid, pid.count, 0) == pid.count else {
            close(file)
            throw EmbeddedRedisError(
                description: "data.dir: cannot write \(directory)/lock: \(String(cString: strerror(errno)))")
        }
        return file
    }

    private static func notOurLock(in directory: String) -> EmbeddedRedisError {
        EmbeddedRedisError(
            description:
                "data.dir: \(directory)/lock is a link, or not a file of this user. Type: rm \(directory)/lock"
        )
    }
}
