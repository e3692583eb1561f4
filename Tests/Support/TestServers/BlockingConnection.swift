// The smallest Redis client: one command, one reply, blocking, on a Unix socket. For assertions,
// not for load.

import Glibc

public struct BlockingConnection: ~Copyable {
    private let descriptor: Int32
    private var unread: [UInt8] = []

    /// Connects; nobody answering for ten seconds is an error.
    public init(socketPath: String) throws {
        descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw TestServerError("no socket: errno \(errno)") }
        var timeout = timeval(tv_sec: 10, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) {
            $0.copyBytes(from: socketPath.utf8.prefix($0.count - 1))
        }
        let code = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard code == 0 else { throw TestServerError("cannot connect to \(socketPath): errno \(errno)") }
    }

    deinit { close(descriptor) }

    /// The answer as `redis-cli` prints it when its output is no terminal: arrays line by line,
    /// null as `(nil)`.
    public mutating func command(_ arguments: [String]) throws -> String {
        try write(arguments)
        return try reply()
    }

    func write(_ arguments: [String]) throws {
        var bytes = Array("*\(arguments.count)\r\n".utf8)
        for argument in arguments { bytes += Array("$\(argument.utf8.count)\r\n\(argument)\r\n".utf8) }
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes {
                send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { throw TestServerError("cannot write: errno \(errno)") }
            sent += count
        }
    }

    mutating func reply() throws -> String {
        let line = try line()
        let rest = String(line.dropFirst())
        switch line.first {
        case "+", ":": return rest
        case "-": throw TestServerError(rest)
        case "$": return rest == "-1" ? "(nil)" : try bulk(try number(rest))
        case "*":
            var lines: [String] = []
            for _ in 0..<max(0, try number(rest)) { lines.append(try reply()) }
            return lines.joined(separator: "\n")
        default: throw TestServerError("no RESP: \(line)")
        }
    }

    private func number(_ text: String) throws -> Int {
        guard let value = Int(text) else { throw TestServerError("no RESP number: \(text)") }
        return value
    }

    private mutating func line() throws -> String {
        while true {
            if let end = unread.firstIndex(of: 13), end + 1 < unread.count { return try take(end) }
            try read()
        }
    }

    private mutating func bulk(_ count: Int) throws -> String {
        while unread.count < count + 2 { try read() }
        return try take(count)
    }

    /// Takes `count` bytes and the line end behind them.
    private mutating func take(_ count: Int) throws -> String {
        defer { unread.removeFirst(count + 2) }
        return String(decoding: unread.prefix(count), as: UTF8.self)
    }

    private mutating func read() throws {
        var buffer = [UInt8](repeating: 0, count: 65_536)
        let count = recv(descriptor, &buffer, buffer.count, 0)
        guard count > 0 else {
            throw TestServerError("no answer: \(count == 0 ? "closed" : "errno \(errno)")")
        }
        unread += buffer.prefix(count)
    }

    /// Whether the server has read all that was written.
    var isTaken: Bool {
        get throws {
            var unread: Int32 = 0
            guard ioctl(descriptor, UInt(TIOCOUTQ), &unread) == 0 else {
                throw TestServerError("no answer about what is unread: errno \(errno)")
            }
            return unread == 0
        }
    }
}
