// Writes the lines of the log to the standard error, which may be a pipe without a reader. A
// separate thread writes them, so logging never waits. Lines that do not fit meanwhile are lost,
// and counted.

import Foundation
import Glibc
import Synchronization

final class LogWriter: TextOutputStream, Sendable {
    /// The most bytes that wait to be written.
    static let maximumBytes = 1 << 20

    private struct State {
        var waiting: [UInt8] = []
        var isWriting = false
        var lost = 0
    }

    private let descriptor: Int32
    private let state = Mutex(State())
    private let filled = DispatchSemaphore(value: 0)
    private let written = DispatchSemaphore(value: 0)

    /// - Parameter descriptor: where the lines go. It must stay open as long as the process runs.
    init(to descriptor: Int32) {
        self.descriptor = descriptor
        let thread = Thread { [self] in work() }
        thread.name = "log"
        thread.start()
    }

    /// - Parameter line: a complete line, with its line end.
    func write(_ line: String) {
        state.withLock { state in
            guard state.waiting.count + line.utf8.count <= Self.maximumBytes else { return state.lost += 1 }
            state.waiting += line.utf8
        }
        filled.signal()
    }

    /// Returns when everything is written, or after `timeout`.
    func drain(within timeout: DispatchTimeInterval) {
        let end = DispatchTime.now() + timeout
        while state.withLock({ $0.isWriting || !$0.waiting.isEmpty || $0.lost > 0 }) {
            guard written.wait(timeout: end) == .success else { return }
        }
    }

    // MARK: The thread

    private func work() {
        while true {
            filled.wait()
            let bytes = state.withLock { state in
                var bytes = state.waiting
                state.waiting = []
                if state.lost > 0 { bytes += Self.lostNotice(state.lost).utf8 }
                state.lost = 0
                state.isWriting = true
                return bytes
            }
            writeAll(bytes)
            state.withLock { $0.isWriting = false }
            written.signal()
        }
    }

    static func lostNotice(_ lost: Int) -> String {
        "stint: \(lost) line\(lost == 1 ? "" : "s") of the log \(lost == 1 ? "was" : "were") not read in time and \(lost == 1 ? "is" : "are") lost\n"
    }

    /// Drops the bytes if the other end is closed.
    private func writeAll(_ bytes: [UInt8]) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count >= 0 {
                rest = rest.dropFirst(count)
            } else if errno == EAGAIN {
                var state = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                _ = poll(&state, 1, -1)
            } else if errno != EINTR {
                return
            }
        }
    }
}
