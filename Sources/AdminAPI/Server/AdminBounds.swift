// How much of the admin API one caller may take, and for how long.

public struct AdminBounds: Sendable {
    /// Connections open at once, for whatever is asked. One more takes the place of the one that is
    /// idle for longest.
    public var connections = 256
    /// Connections beyond those, for `/livez`, `/readyz` and `/metrics` only: one request each.
    public var healthConnections = 16
    /// From the first byte of a request to the end of its body; then it is answered 408.
    public var requestTimeout: Duration = .seconds(10)
    /// From connecting to the end of the request, on one of ``healthConnections``.
    public var healthTimeout: Duration = .seconds(2)
    /// How long a connection may be open between two requests.
    public var idleTimeout: Duration = .seconds(60)
    /// How long a caller may leave its replies unread once they fill the buffers.
    public var writeTimeout: Duration = .seconds(10)

    /// Connections of both kinds.
    public var allConnections: Int { connections + healthConnections }

    public init() {}

    /// - Parameter allConnections: what there is room for, 2 at least; half of few are for health.
    public init(allConnections: Int) {
        healthConnections = min(healthConnections, allConnections / 2)
        connections = min(connections, allConnections - healthConnections)
    }
}
