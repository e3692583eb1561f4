// The timeouts of a connection, in ticks: the unit of its event loop's coarse clock.

import NIOCore

/// How long a connection may take for each thing, in ticks.
struct Timeouts {
    let receiving: Int
    let idle: Int
    let stalled: Int
    /// From the last reply until the client closes its half.
    let leaving: Int
    /// The length of a tick: an eighth of the shortest timeout, 1 to 500 ms.
    let tick: TimeAmount

    init(_ settings: RunnerSettings) {
        let shortest = min(settings.headerTimeout, settings.idleTimeout, settings.writeTimeout, .seconds(1))
        let tick = min(max(shortest / 8, .milliseconds(1)), .milliseconds(500))
        func ticks(_ time: Duration) -> Int { Int((time / tick).rounded(.up)) }
        receiving = ticks(settings.headerTimeout)
        idle = ticks(settings.idleTimeout)
        stalled = ticks(settings.writeTimeout)
        leaving = ticks(min(settings.writeTimeout, .seconds(1)))
        self.tick = TimeAmount(tick)
    }
}
