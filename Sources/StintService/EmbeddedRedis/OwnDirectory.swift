// Directories in which nobody else may put or replace anything. They are looked at when they are
// open: what was looked at is what is used.

import Foundation
import Glibc

enum OwnDirectory {
    /// Opens a directory that belongs to this user.
    /// - Parameters:
    ///   - path: absolute and without symbolic links; if the last part is one, it is not followed.
    ///   - bits: which others must not have, such as 0o022 for writing.
    /// - Returns: its descriptor.
    /// - Throws: when it is somebody else's, when others have one of `bits`, or when everybody may
    ///   replace a directory above it.
    static func open(_ path: String, refusing bits: mode_t) throws(EmbeddedRedisError) -> Int32 {
        let descriptor = Glibc.open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
        guard descriptor >= 0 else {
            let reason =
                errno == ENOTDIR || errno == ELOOP
                ? "is a symbolic link, or no directory"
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
                    + "and so take the ledger's place. Type: chmod \(bits & 0o044 == 0 ? "go-w" : "700") \(path)"
            )
        }
    }

    /// Whoever may write a directory may rename what is in it, unless its sticky bit is set. What
    /// its owner and its group do there is theirs to answer for.
    private static func checkAbove(_ path: String) throws(EmbeddedRedisError) {
        var above = path
        while above != "/" {
            above = (above as NSString).deletingLastPathComponent
            var found = stat()
            guard stat(above, &found) == 0 else {
                throw refusal("\(above) cannot be looked at: \(String(cString: strerror(errno)))")
            }
            guard found.st_mode & S_IWOTH == 0 || found.st_mode & S_ISVTX != 0 else {
                throw EmbeddedRedisError(
                    description: "data.dir: everybody may write \(above), and so replace \(path). "
                        + "Type: chmod o-w \(above), or --data-dir DIR, with one elsewhere")
            }
        }
    }

    private static func refusal(_ what: String) -> EmbeddedRedisError {
        EmbeddedRedisError(description: "data.dir: \(what). Type: --data-dir DIR, with one of yours")
    }
}
