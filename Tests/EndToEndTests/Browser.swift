// A real Chromium without a window, controlled over two pipes by its DevTools protocol. It has its
// own directory and ends, with all its processes, when a test is over.

import Foundation
import Glibc
import Synchronization
import TestServers
import WireFormat

final class Browser: Sendable {
    /// How long it may take to start, to load a page or to answer on a busy machine.
    static let timeout: Duration = .seconds(30)

    private struct State {
        var latestID = 0
        var replies: [Int: JSONValue] = [:]
        /// What each tab told by itself, by its session.
        var events: [String: [JSONValue]] = [:]
        var isOver = false
    }

    private let directory: TemporaryDirectory
    private let child: ChildProcess
    /// The ends of two named pipes. Both are open for reading and writing, so that no open waits
    /// for the other side.
    private let orders: Int32
    private let answers: Int32
    private let state = Mutex(State())

    /// Gives `body` a browser.
    /// - Parameter more: arguments of Chromium beside the usual ones.
    static func open<Result>(
        _ more: [String] = [], isolation: isolated (any Actor)? = #isolation,
        _ body: (Browser) async throws -> Result
    ) async throws -> Result {
        let browser = try Browser(more)
        do {
            let result = try await body(browser)
            try await browser.close()
            return result
        } catch {
            try await browser.close()
            throw error
        }
    }

    private static let arguments = [
        "--headless=new", "--remote-debugging-pipe", "--no-sandbox", "--disable-gpu",
        "--disable-dev-shm-usage",
        "--no-first-run", "--no-default-browser-check", "--disable-background-networking",
        "--disable-component-update", "--disable-sync", "--disable-extensions", "--disable-breakpad",
        "--disable-crash-reporter", "--no-proxy-server", "--hide-scrollbars", "--force-color-profile=srgb",
        "--lang=en",
    ]

    private init(_ more: [String]) throws {
        directory = try TemporaryDirectory()
        let paths = [directory.file("orders"), directory.file("answers")]
        for path in paths where mkfifo(path, 0o600) != 0 { throw Unexpected("no pipe: errno \(errno)") }
        orders = Glibc.open(paths[0], O_RDWR | O_CLOEXEC)
        answers = Glibc.open(paths[1], O_RDWR | O_CLOEXEC)
        guard orders >= 0, answers >= 0 else { throw Unexpected("cannot open a pipe: errno \(errno)") }
        child = try ChildProcess(
            [
                "env", "-u", "LD_PRELOAD", "HOME=\(directory.path)", "sh", "-c",
                #"exec "$@" 3<"$HOME/orders" 4>"$HOME/answers""#, "sh",
            ]
                + ["chromium"] + Self.arguments + more
                + ["--user-data-dir=\(directory.file("profile"))", "about:blank"],
            log: directory.file("chromium.log"))
        let reader = Thread { [self] in read() }
        reader.name = "browser-reader"
        reader.start()
    }

    private func close() async throws {
        if child.isRunning {
            try send(["id": 0, "method": "Browser.close"])
            do {
                try await eventually("chromium ends", within: .seconds(10)) { !child.isRunning }
            } catch {
                child.stop()
            }
        }
        // The reader wakes up, and sees that it is over.
        state.withLock { $0.isOver = true }
        var end: UInt8 = 0
        _ = write(answers, &end, 1)
        // Its helpers let go of the profile a little later.
        try await eventually("no process of chromium is left", within: Self.timeout) {
            try processes().isEmpty
        }
        Glibc.close(orders)
        directory.remove()
    }

    /// The processes that have this browser's directory among their arguments.
    private func processes() throws -> [pid_t] {
        try FileManager.default.contentsOfDirectory(atPath: "/proc").compactMap { pid_t($0) }.filter { pid in
            // A process may end at any moment; then its arguments are gone.
            FileManager.default.contents(atPath: "/proc/\(pid)/cmdline").map {
                String(decoding: $0, as: UTF8.self).contains(directory.path)
            } ?? false
        }
    }

    // MARK: Orders and answers

    /// Has it do something.
    /// - Parameter session: a tab's; nil for the browser itself.
    @discardableResult
    func order(
        _ method: String, _ parameters: [String: JSONValue] = [:], session: String? = nil
    ) async throws -> JSONValue {
        let id = state.withLock { state in
            state.latestID += 1
            return state.latestID
        }
        var message: [String: JSONValue] = [
            "id": .integer(id), "method": .string(method), "params": .object(parameters),
        ]
        if let session { message["sessionId"] = .string(session) }
        try send(message)
        var reply: JSONValue?
        try await eventually("chromium answers \(method)", within: Self.timeout) {
            reply = state.withLock { $0.replies.removeValue(forKey: id) }
            guard reply != nil || child.isRunning else {
                throw Unexpected("chromium ended: \(contents(of: directory.file("chromium.log")))")
            }
            return reply != nil
        }
        guard let result = reply?["result"] else {
            throw Unexpected("\(method): \(reply?["error"] ?? .null)")
        }
        return result
    }

    /// What a tab told by itself so far.
    func events(of session: String) -> [JSONValue] { state.withLock { $0.events[session] ?? [] } }

    private func send(_ message: [String: JSONValue]) throws {
        let bytes = Array(try JSONEncoder().encode(message)) + [0]
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes { write(orders, $0.baseAddress, $0.count) }
            guard count > 0 else { throw Unexpected("chromium takes no orders: errno \(errno)") }
            sent += count
        }
    }

    /// On a thread of its own, because a pipe is read by waiting.
    private func read() {
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        var line: [UInt8] = []
        while true {
            let count = Glibc.read(answers, &buffer, buffer.count)
            if count <= 0 || state.withLock({ $0.isOver }) { break }
            var rest = buffer[..<count]
            while let end = rest.firstIndex(of: 0) {
                line += rest[..<end]
                take(line)
                line = []
                rest = rest[(end + 1)...]
            }
            line += rest
        }
        Glibc.close(answers)
    }

    private func take(_ line: [UInt8]) {
        let message: JSONValue
        do {
            message = try JSONDecoder().decode(JSONValue.self, from: Data(line))
        } catch {
            return report("chromium said something else than JSON: \(error)")
        }
        state.withLock { state in
            if case .integer(let id)? = message["id"] {
                state.replies[id] = message
            } else if case .string(let session)? = message["sessionId"] {
                state.events[session, default: []].append(message)
            }
        }
    }
}

extension JSONValue {
    /// A member of an object; nil when there is none.
    subscript(_ name: String) -> JSONValue? {
        if case .object(let members) = self { members[name] } else { nil }
    }

    var text: String? {
        if case .string(let text) = self { text } else { nil }
    }

    var number: Double? {
        switch self {
        case .integer(let number): Double(number)
        case .number(let number): number
        default: nil
        }
    }
}
