// A real redis-server for one test: private directory, Unix socket, optionally TCP and TLS on
// loopback. It is always killed and its directory removed when the test is over.

import Foundation
import Glibc
import Synchronization

/// A private Redis. `RedisServer.withServer { server in ... }` is the way to have one.
public final class RedisServer: Sendable {
    /// What the server should be like.
    public struct Options: Sendable {
        /// Listens on `port` of its address too.
        public var tcp = false
        /// Listens with TLS on `tlsPort` of 127.0.0.1 too, with a certificate for localhost and
        /// 127.0.0.1.
        public var tls = false
        /// Where its ports are: a place on a network of the test's own; nil: on loopback.
        public var place: PrivateNetwork.Place?
        /// The default user's password.
        public var password: String?
        /// More lines of redis.conf, such as `appendonly yes` or `user ann on >secret ~* +@all`.
        public var config: [String] = []
        /// The port for `tcp`; nil: a free one.
        var port: Int?
        /// Runs as a sentinel, which writes its redis.conf anew whenever it learns something.
        var sentinel = false
        /// The folder of a certificate and its key that servers share; with none each has its own.
        var certificateFolder: String?
        /// Sent after each start: what a server forgets.
        var firstCommands: [[String]] = []

        var host: String { place?.address ?? "127.0.0.1" }

        public init(tcp: Bool = false, tls: Bool = false, password: String? = nil, config: [String] = []) {
            self.tcp = tcp
            self.tls = tls
            self.password = password
            self.config = config
        }
    }

    private let directory: TemporaryDirectory
    private let options: Options
    private let child: Mutex<ChildProcess>
    private let isHeldUp = Mutex(false)

    /// Where its ports are.
    public var host: String { options.host }
    /// The plain TCP port, 0 without `tcp`.
    public let port: Int
    /// The TLS port, 0 without `tls`.
    public let tlsPort: Int

    public var socketPath: String { directory.file("redis.sock") }
    /// `unix://` and the socket's path.
    public var url: String { "unix://\(socketPath)" }
    /// The PEM file of the certificate to trust.
    public var certificateFile: String {
        "\(options.certificateFolder ?? directory.path)/certificate.pem"
    }
    /// What redis-server wrote.
    public var log: String { contents(of: directory.file("redis.log")) }
    public var pid: Int32 { child.withLock { $0.pid } }
    public var isRunning: Bool { child.withLock { $0.isRunning } }
    /// Whether it runs and no SIGSTOP holds it up.
    public var isGoingOn: Bool { isRunning && !isHeldUp.withLock { $0 } }

    /// Starts a server, gives it to `body` once it answers, and removes it afterwards.
    public static func withServer<Result>(
        _ options: Options = Options(), isolation: isolated (any Actor)? = #isolation,
        _ body: (RedisServer) async throws -> Result
    ) async throws -> Result {
        let server = try await start(options)
        defer { server.stop() }
        return try await body(server)
    }

    /// Starts a server and waits until it answers. The caller must `stop()` it.
    public static func start(_ options: Options = Options()) async throws -> RedisServer {
        let server = try RedisServer(options)
        try await server.untilItAnswers()
        return server
    }

    /// Starts a server and does not wait for it.
    init(_ options: Options) throws {
        directory = try TemporaryDirectory()
        self.options = options
        port = options.tcp ? try options.port ?? freePort() : 0
        tlsPort = options.tls ? try freePort() : 0
        do {
            if options.tls, options.certificateFolder == nil { try Self.makeCertificate(in: directory) }
            try directory.write(
                Self.configuration(options, directory, port: port, tlsPort: tlsPort), to: "redis.conf")
            child = Mutex(try Self.startChild(options, in: directory))
        } catch {
            directory.remove()
            throw error
        }
    }

    deinit { stop() }

    /// One command on a connection of its own; the answer as `redis-cli` prints it, an error reply
    /// thrown.
    @discardableResult
    public func command(_ arguments: String...) throws -> String { try command(arguments) }

    @discardableResult
    public func command(_ arguments: [String]) throws -> String {
        var connection = try BlockingConnection(socketPath: socketPath)
        if let password = options.password { _ = try connection.command(["AUTH", password]) }
        return try connection.command(arguments)
    }

    /// Sends a signal. After SIGKILL it returns when the server is gone.
    public func kill(_ signal: Int32) {
        if signal == SIGSTOP || signal == SIGCONT { isHeldUp.withLock { $0 = signal == SIGSTOP } }
        child.withLock { signal == SIGKILL ? $0.stop() : $0.send(signal) }
    }

    /// Kills the server if it runs, starts it again on the same directory and ports, and waits
    /// until it answers.
    public func restart() async throws {
        try child.withLock { child in
            child.stop()
            child = try Self.startChild(options, in: directory)
        }
        isHeldUp.withLock { $0 = false }
        try await untilItAnswers()
    }

    /// Kills the server and removes its directory. Again: does nothing.
    public func stop() {
        kill(SIGKILL)
        if FileManager.default.fileExists(atPath: directory.path) { directory.remove() }
    }

    private static func startChild(
        _ options: Options, in directory: TemporaryDirectory
    ) throws -> ChildProcess {
        let words =
            [RedisProgram.path, directory.file("redis.conf")] + (options.sentinel ? ["--sentinel"] : [])
        return try ChildProcess((options.place?.entering ?? []) + words, log: directory.file("redis.log"))
    }

    func untilItAnswers() async throws {
        do {
            try await eventually("redis-server answers") {
                guard isRunning else { throw TestServerError("redis-server ended") }
                do { return try command("PING") == "PONG" } catch is TestServerError { return false }
            }
            for words in options.firstCommands { try command(words) }
        } catch {
            let log = log
            stop()
            throw TestServerError("\(error); its log: \(log)")
        }
    }

    private static func configuration(
        _ options: Options, _ directory: TemporaryDirectory, port: Int, tlsPort: Int
    ) -> String {
        var lines = [
            "dir \(directory.path)", "unixsocket \(directory.file("redis.sock"))", "unixsocketperm 700",
            "bind \(options.host)", "port \(port)", "save \"\"", "daemonize no",
            "protected-mode \(options.place == nil ? "yes" : "no")",
        ]
        // Before 7.0 DEBUG was always there. Tests set maxmemory to 1 MB, as what any server uses;
        // with room for more clients 6.2 uses it too.
        lines.append(RedisProgram.isAtLeast(7) ? "enable-debug-command local" : "maxclients 19000")
        if options.tls {
            let folder = options.certificateFolder ?? directory.path
            lines += [
                "tls-port \(tlsPort)", "tls-auth-clients no",
                "tls-cert-file \(folder)/certificate.pem",
                "tls-key-file \(folder)/key.pem",
                "tls-ca-cert-file \(folder)/certificate.pem",
            ]
        }
        if let password = options.password { lines.append("requirepass \(password)") }
        // The name before 7.0 of the same parameter.
        let config = options.config.map {
            RedisProgram.isAtLeast(7) ? $0 : $0.replacing("busy-reply-threshold", with: "lua-time-limit")
        }
        return (lines + config).joined(separator: "\n") + "\n"
    }

    static func makeCertificate(in directory: TemporaryDirectory) throws {
        try ChildProcess.run(
            [
                "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
                "-nodes",
                "-days", "2", "-subj", "/CN=localhost", "-addext",
                "subjectAltName=DNS:localhost,IP:127.0.0.1",
                "-keyout", directory.file("key.pem"), "-out", directory.file("certificate.pem"),
            ],
            log: directory.file("openssl.log"))
    }
}
