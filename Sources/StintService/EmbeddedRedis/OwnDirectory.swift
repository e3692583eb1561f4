// Opens directories in which no other user may create or replace files. The checks are made on the
// open directory, so it cannot be replaced between check and use.

import Foundation
import Glibc

enum OwnDirectory {
    /// Opens a directory that belongs to this user.
    /// - Parameters:
    ///   - path: absolute, without symbolic links. If the last part is one, it is not followed.
    ///   - bits: permissions that others must not have, such as 0o022 for writing.
    /// - Returns: its descriptor.
    /// - Throws: ``EmbeddedRedisError`` if it belongs to another user, others have one of `bits`,
    ///   or every user may replace a directory above it.
    static func open(_ path: String, refusing bits: mode_t) throws(EmbeddedRedisError) -> Int32 {
        let descriptor = Glibc.open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
        guard descriptor >= 0 else {
            let reason =
                errno == ENOTDIR || errno == ELOOP
                ? "is a symbolic link, or not a directory"
                : "cannot be opened: \(String(cString: strerror(errno)))"
            throw refusal("\(path) \(reason)")
        }
        do {
            try check(descriptor, path, refusing: bits)
            try checkAbove(path)
        } catch {
            close(descriptor)
            throw error
        }
        return descriptor
    }

    private static func check(
        _ descriptor: Int32, _ path: String, refusing bits: mode_t
    ) throws(EmbeddedRedisError) {
        var found = stat()
        guard fstat(descriptor, &found) == 0, found.st_uid == geteuid() else {
            throw refusal("\(path) belongs to another user")
        }
        guard found.st_mode & bits == 0 else {
            throw EmbeddedRedisError(
                description: "data.dir: others may \(bits & 0o044 == 0 ? "write" : "open") \(path), "
                    + "and so replace the ledger. Type: chmod \(bits & 0o044 == 0 ? "go-w" : "700") \(path)"
            )
        }
    }

    /// A user who may write a directory may rename what is in it, unless its sticky bit is set. The
    /// owner and the group of a directory above are trusted.
    private static func checkAbove(_ path: String) throws(EmbeddedRedisError) {
        var above = path
        while above != "/" {
            above = (above as NSString).deletingLastPathComponent
            var found = stat()
            guard stat(above, &found) == 0 else {
                throw refusal("\(above) cannot be checked: \(String(cString: strerror(errno)))")
            }
            guard found.st_mode & S_IWOTH == 0 || found.st_mode & S_ISVTX != 0 else {
                throw EmbeddedRedisError(
                    description: "data.dir: every user may write \(above), and so replace \(path). "
                        + "Type: chmod o-w \(above), or --data-dir DIR, with another directory")
            }
        }
    }

    private static func refusal(_ what: String) -> EmbeddedRedisError {
        EmbeddedRedisError(description: "data.dir: \(what). Type: --data-dir DIR, with a directory of yours")
    }
}
