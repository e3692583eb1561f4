// What a command prints must arrive: when it does not, because the disk is full for example, the
// command fails and says so. Where its reader has gone, it ends quietly, as other programs do.

@preconcurrency import Glibc

enum StandardOutput {
    /// Sees to it that whatever was printed has arrived when the process ends. To be called once,
    /// at its beginning.
    static func checkAtExit() {
        atexit { StandardOutput.flush() }
    }

    static func write(_ bytes: [UInt8]) {
        fwrite(bytes, 1, bytes.count, stdout)
        flush()
    }

    private static func flush() {
        errno = 0
        guard fflush(stdout) != 0 || ferror(stdout) != 0 else { return }
        let reason = errno
        var state = pollfd(fd: STDOUT_FILENO, events: 0, revents: 0)
        let hasReader = poll(&state, 1, 0) < 1 || state.revents & Int16(POLLERR) == 0
        guard hasReader, reason != EPIPE else { _exit(128 + SIGPIPE) }
        let reasonText = reason == 0 ? "not all of it could be written" : String(cString: strerror(reason))
        let line = Array("Error: standard output: \(reasonText)\n".utf8)
        _ = Glibc.write(STDERR_FILENO, line, line.count)
        _exit(1)
    }
}
