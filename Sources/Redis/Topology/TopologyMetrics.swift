// What a topology counts: redirections, and how it learns where the keys are. What is true of the
// servers and not of one event loop (how many there are, how often a primary was replaced) is
// reported by one topology of the process, so that it counts once.

import Metrics

struct TopologyMetrics {
    private let redirections: [String: Counter]
    private let reads: Counter
    private let failedReads: Counter
    private let servers: Servers?

    /// What the servers are, whoever looks.
    private struct Servers {
        let failovers: Counter
        let primaries: Meter
        let replicas: Meter
        let missingSlots: Meter
        let sentinels: Meter
        let reachableSentinels: Meter

        init(_ factory: any MetricsFactory) {
            func nodes(_ role: String) -> Meter {
                Meter(label: "stint_redis_nodes", dimensions: [("role", role)], factory: factory)
            }
            func sentinels(_ state: String) -> Meter {
                Meter(label: "stint_redis_sentinels", dimensions: [("state", state)], factory: factory)
            }
            failovers = Counter(label: "stint_redis_failovers_total", factory: factory)
            failovers.increment(by: 0)
            (primaries, replicas) = (nodes("primary"), nodes("replica"))
            missingSlots = Meter(label: "stint_redis_slots_missing", factory: factory)
            (self.sentinels, reachableSentinels) = (sentinels("configured"), sentinels("reachable"))
            for meter in [primaries, replicas, missingSlots, self.sentinels, reachableSentinels] {
                meter.set(0)
            }
        }
    }

    /// - Parameter reportsServers: whether this is the topology of the process that reports what is
    ///   true of the servers.
    init(_ factory: any MetricsFactory, reportsServers: Bool) {
        redirections = Dictionary(
            uniqueKeysWithValues: Redirection.codes.map { code in
                let counter = Counter(
                    label: "stint_redis_redirections_total", dimensions: [("code", code)], factory: factory)
                counter.increment(by: 0)
                return (code, counter)
            })
        func reads(_ result: String) -> Counter {
            let counter = Counter(
                label: "stint_redis_map_reads_total", dimensions: [("result", result)], factory: factory)
            counter.increment(by: 0)
            return counter
        }
        (self.reads, failedReads) = (reads("read"), reads("failed"))
        servers = reportsServers ? Servers(factory) : nil
    }

    func redirected(_ code: String) { redirections[code]?.increment() }

    /// A node was asked for its map, or a sentinel for the primary.
    func readMap(isAnswered: Bool) { (isAnswered ? reads : failedReads).increment() }

    /// There is one server, and nobody to ask where it is.
    func oneServer() { servers?.primaries.set(1) }

    /// The map of a cluster is in force.
    func adopted(_ map: SlotMap, after former: SlotMap) {
        guard let servers else { return }
        servers.primaries.set(map.primaries.count)
        servers.replicas.set(map.replicas.count)
        servers.missingSlots.set(map.missingSlotCount)
        servers.failovers.increment(by: map.primaries.count { former.replicas.contains($0) })
    }

    /// Sentinels name a primary.
    /// - Parameter isAnother: whether they named another one before.
    func follows(isAnother: Bool) {
        servers?.primaries.set(1)
        if isAnother { servers?.failovers.increment() }
    }

    /// - Parameters:
    ///   - count: how many the URL has.
    ///   - unreachable: how many of them did not answer when they were asked last.
    func sentinels(_ count: Int, unreachable: Int) {
        servers?.sentinels.set(count)
        servers?.reachableSentinels.set(count - unreachable)
    }
}
