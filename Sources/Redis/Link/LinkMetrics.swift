// What connections to servers count, by the role that the servers have in the URL. No label names a
// host, so there are a few series however many servers there are.

import Metrics

/// What a server is to Stint.
enum ServerRole: String, CaseIterable {
    /// The one server of `redis://`, `rediss://` and `unix://`.
    case single
    /// A node of a cluster, or the server that sentinels name.
    case primary
    /// A sentinel.
    case sentinel
}

/// The metrics of connections to servers of one role.
struct LinkMetrics {
    private let connections: Counter
    private let disconnections: Counter
    private let open: Meter

    init(_ role: ServerRole, _ factory: any MetricsFactory) {
        let label = [("role", role.rawValue)]
        connections = Counter(label: "stint_redis_connections_total", dimensions: label, factory: factory)
        disconnections = Counter(
            label: "stint_redis_disconnections_total", dimensions: label, factory: factory)
        disconnections.increment(by: 0)
        open = Meter(label: "stint_redis_connections", dimensions: label, factory: factory)
    }

    /// The server has answered the greeting.
    func connected() {
        connections.increment()
        open.increment()
    }

    /// The connection is over.
    /// - Parameter hasFailed: false if it has served its purpose.
    func disconnected(hasFailed: Bool = true) {
        open.decrement()
        if hasFailed { disconnections.increment() }
    }
}

/// The metrics of the commands of links, besides.
struct CommandMetrics {
    let timeouts: Counter
    let stalls: Counter
    let inFlight: Meter

    init(_ role: ServerRole, _ factory: any MetricsFactory) {
        let label = [("role", role.rawValue)]
        timeouts = Counter(label: "stint_redis_timeouts_total", dimensions: label, factory: factory)
        stalls = Counter(label: "stint_redis_stalls_total", dimensions: label, factory: factory)
        for counter in [timeouts, stalls] { counter.increment(by: 0) }
        inFlight = Meter(label: "stint_redis_in_flight", dimensions: label, factory: factory)
    }
}
