// The bounds of the admin API: connections and timeouts.

public struct AdminBounds: Sendable {
    /// The most open connections for all requests. One more closes the one that is idle longest.
    public var connections = 256
    /// Further connections, for `/livez`, `/readyz` and `/metrics` only: one request each.
    public var healthConnections = 16
    /// The time from the first byte of a request to the end of its body. Then it gets 408.
    public var requestTimeout: Duration = .seconds(10)
    /// The time from connecting to the end of the request, on one of ``healthConnections``.
    public var healthTimeout: Duration = .seconds(2)
    /// How long a connection may be idle between two requests.
    public var idleTimeout: Duration = .seconds(60)
    /// How long a client may leave its replies unread once they fill the buffers.
    public var writeTimeout: Duration = .seconds(10)

    /// Connections of both kinds.
    public var allConnections: Int { connections + healthConnections }

    public init() {}

    /// - Parameter allConnections: the connections of both kinds, at least 2. If there are few,
    ///   half of them are for health.
    public init(allConnections: Int) {
        healthConnections = min(healthConnections, allConnections / 2)
        connections = min(connections, allConnections - healthConnections)
    }
}
