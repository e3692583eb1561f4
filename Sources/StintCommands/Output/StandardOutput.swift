// The standard output of commands. If it cannot be written, for example because the disk is full,
// the command fails with a message. If its reader has gone, the command ends quietly, as other
// programs do.

@preconcurrency import Glibc

enum StandardOutput {
    /// Makes the process check at its end that all output was written. Call it once, at the start.
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
        let reasonText = reason == 0 ? "not all output was written" : String(cString: strerror(reason))
        let line = Array("Error: standard output: \(reasonText)\n".utf8)
        _ = Glibc.write(STDERR_FILENO, line, line.count)
        _exit(1)
    }
}
