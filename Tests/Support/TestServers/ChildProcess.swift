// Child processes that do not outlive the test process: each is started through
// `setpriv --pdeathsig`. The kernel sends that signal when the *thread* that started the child
// ends, so one thread that never ends starts them all.

import Foundation
import Glibc
import Synchronization

/// A running child. `stop()` or a signal ends it; it is always reaped.
public final class ChildProcess: Sendable {
    /// How a child ended.
    public enum Ending: Sendable, Equatable {
        case exited(Int32)
        case killed(by: Int32)
    }

    public let pid: Int32
    /// What `waitpid` said; nil while the child runs.
    private let status = Mutex<Int32?>(nil)

    /// Starts `arguments[0]`, found on PATH; its output goes to the file `log`.
    /// - Parameter lastSignal: what it gets when the tests die: `TERM` for one that has children of
    ///   its own to stop.
    public init(_ arguments: [String], log: String, lastSignal: String = "KILL") throws {
        pid = try Starter.shared.start(["setpriv", "--pdeathsig", lastSignal] + arguments, log: log)
    }

    /// Runs a program to its end, which must be a status of 0.
    public static func run(_ arguments: [String], log: String) throws {
        let status = try ChildProcess(arguments, log: log).wait()
        guard status == 0 else {
            throw TestServerError("\(arguments.joined(separator: " ")) failed: \(contents(of: log))")
        }
    }

    public var isRunning: Bool { ending == nil }

    /// nil while it runs.
    public var ending: Ending? {
        status.withLock { status in
            if status == nil {
                var code: Int32 = 0
                guard waitpid(pid, &code, WNOHANG) == pid else { return nil }
                status = code
            }
            return status.map { $0 & 0x7F == 0 ? .exited($0 >> 8 & 0xFF) : .killed(by: $0 & 0x7F) }
        }
    }

    public func send(_ signal: Int32) {
        status.withLock { status in
            if status == nil { kill(pid, signal) }
        }
    }

    public func stop() {
        send(SIGKILL)
        _ = wait()
    }

    /// Waits until the child has ended.
    private func wait() -> Int32 {
        status.withLock { status in
            if let status { return status }
            var code: Int32 = 0
            while waitpid(pid, &code, 0) < 0, errno == EINTR {}
            status = code
            return code
        }
    }
}

/// What a test server could not do.
public struct TestServerError: Error, CustomStringConvertible {
    public let description: String

    init(_ description: String) { self.description = description }
}

/// The text of a file, or that there is none.
public func contents(of path: String) -> String {
    FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) }
        ?? "nothing at \(path)"
}

/// The thread that starts children, and never ends.
private final class Starter: Sendable {
    static let shared = Starter()

    private struct Order: Sendable {
        let arguments: [String]
        let log: String
        let answer: Answer
    }

    /// Filled by the thread, awaited by whoever ordered.
    private final class Answer: Sendable {
        private let value = Mutex<Result<pid_t, TestServerError>?>(nil)
        private let filled = DispatchSemaphore(value: 0)

        func fill(_ result: Result<pid_t, TestServerError>) {
            value.withLock { $0 = result }
            filled.signal()
        }

        func get() throws -> pid_t {
            filled.wait()
            return try value.withLock { $0 }?.get() ?? { throw TestServerError("no child was started") }()
        }
    }

    private let orders = Mutex<[Order]>([])
    private let placed = DispatchSemaphore(value: 0)

    private init() {
        let thread = Thread { [self] in
            while true {
                placed.wait()
                let order = orders.withLock { $0.removeFirst() }
                order.answer.fill(Self.spawn(order.arguments, log: order.log))
            }
        }
        thread.name = "test-server-starter"
        thread.start()
    }

    func start(_ arguments: [String], log: String) throws -> pid_t {
        let answer = Answer()
        orders.withLock { $0.append(Order(arguments: arguments, log: log, answer: answer)) }
        placed.signal()
        return try answer.get()
    }

    private static func spawn(_ arguments: [String], log: String) -> Result<pid_t, TestServerError> {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, log, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        posix_spawn_file_actions_adddup2(&actions, 1, 2)
        // What a child inherits stays open when we close it: nobody would notice that a connection
        // has ended.
        for descriptor: Int32 in 3..<1024 { _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC) }
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        // Swift's threads may block signals; the child starts with none blocked and with SIGPIPE as
        // usual.
        var none = sigset_t()
        sigemptyset(&none)
        var defaults = sigset_t()
        sigfillset(&defaults)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setsigdefault(&attributes, &defaults)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
        var words = arguments.map { strdup($0) } + [nil]
        defer { for word in words { free(word) } }
        var pid: pid_t = 0
        let code = posix_spawnp(&pid, arguments[0], &actions, &attributes, &words, environ)
        guard code == 0 else {
            return .failure(
                TestServerError("cannot start \(arguments[0]): \(String(cString: strerror(code)))"))
        }
        return .success(pid)
    }
}
