// The settings of the data plane, with the defaults and bounds that the service's settings have
// too. Read once, when the server starts.

import WireFormat

/// Where the runner API listens, and the bounds for connections and requests.
public struct RunnerSettings: Sendable, Equatable {
    /// A TCP address to listen on.
    public struct Address: Hashable, Sendable, CustomStringConvertible {
        /// A numeric address or a name.
        public var host: String
        /// 0 to 65535; 0 lets the system choose.
        public var port: Int

        public init(host: String, port: Int) {
            self.host = host
            self.port = port
        }

        public var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
    }

    /// The bounds of the values.
    public enum Bounds {
        public static let maximumConnections = 1...100_000
        public static let maximumBodyBytes = 1_024...1_048_576
        public static let maximumHeaderBytes = 1_024...1_048_576
        public static let headerTimeout: ClosedRange<Duration> = .milliseconds(100)...(.seconds(60))
        public static let idleTimeout: ClosedRange<Duration> = .milliseconds(100)...(.seconds(3_600))
        static let writeTimeout: ClosedRange<Duration> = .milliseconds(10)...(.seconds(3_600))
    }

    /// nil: no TCP address.
    public var address: Address? = Address(host: "127.0.0.1", port: 0)
    /// The path of a Unix socket, at most 103 bytes, which gets mode 0660; nil: no socket.
    public var socketPath: String?
    /// The most open connections. One more closes the one that is idle for longest. If none is
    /// idle, the new one gets 503 and is closed.
    public var maximumConnections = 10_000
    /// The most bytes of a request's body. A longer one gets 413.
    public var maximumBodyBytes = 16_384
    /// The most bytes of a request's line and header fields. Longer ones get 431.
    public var maximumHeaderBytes = 16_384
    /// The time from the first byte of a request to the end of its body. Then it gets 408.
    public var headerTimeout: Duration = .seconds(10)
    /// How long a connection may be idle between two requests.
    public var idleTimeout: Duration = .seconds(75)
    /// How long a client may leave its replies unread once they fill the buffers.
    public var writeTimeout: Duration = .seconds(10)
    /// Whether the `RateLimit` fields include the limits of execution time, with the unit
    /// `execution-ms`, which is not registered.
    public var rateLimitTime = false
    /// Whether the activity of accounts is counted. If so, call
    /// ``RunnerServer/drainActivity(_:minute:)`` regularly.
    public var countsActivity = false

    public init() {}

    /// - Throws: ``RunnerError``, which names the setting that is out of its bounds.
    func check() throws(RunnerError) {
        guard address != nil || socketPath != nil else { throw .nowhereToListen }
        if let address { try Self.check(address.port, in: 0...65_535, "the port of address") }
        if let socketPath {
            try Self.check(
                socketPath.utf8.count, in: 1...UnixSocketPath.maximumBytes, "the length of socketPath")
        }
        try Self.check(maximumConnections, in: Bounds.maximumConnections, "maximumConnections")
        try Self.check(maximumBodyBytes, in: Bounds.maximumBodyBytes, "maximumBodyBytes")
        try Self.check(maximumHeaderBytes, in: Bounds.maximumHeaderBytes, "maximumHeaderBytes")
        try Self.check(headerTimeout, in: Bounds.headerTimeout, "headerTimeout")
        try Self.check(idleTimeout, in: Bounds.idleTimeout, "idleTimeout")
        try Self.check(writeTimeout, in: Bounds.writeTimeout, "writeTimeout")
    }

    private static func check<Value: Comparable>(
        _ value: Value, in bound: ClosedRange<Value>, _ name: String
    ) throws(RunnerError) {
        guard bound.contains(value) else {
            throw .outOfBound("\(name) must be \(bound.lowerBound) to \(bound.upperBound), not \(value)")
        }
    }
}
